// SPDX-License-Identifier: Apache-2.0

// Utf8Locale: makes libarchive treat names as UTF-8.

#ifndef TOOLBOXD_HGFSD_UTF8_LOCALE_H_
#define TOOLBOXD_HGFSD_UTF8_LOCALE_H_

#include <locale.h>

namespace toolboxd::hgfsd {

// libarchive converts names from the thread's character set to UTF-8, the encoding of tar headers.
// As long as this object lives, the character set of the calling thread is UTF-8, so names stay as
// they are; libarchive marks names that are not valid UTF-8 as binary.
class Utf8Locale {
 public:
  Utf8Locale() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_ != nullptr) before_ = uselocale(locale_);
  }
  ~Utf8Locale() {
    if (locale_ == nullptr) return;
    uselocale(before_);
    freelocale(locale_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  locale_t locale_;
  locale_t before_ = nullptr;
};

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_UTF8_LOCALE_H_
