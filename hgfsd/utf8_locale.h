// SPDX-License-Identifier: Apache-2.0

// Utf8Locale: libarchive converts names from the locale's character set.

#ifndef TOOLBOXD_HGFSD_UTF8_LOCALE_H_
#define TOOLBOXD_HGFSD_UTF8_LOCALE_H_

#include <locale.h>

namespace toolboxd::hgfsd {

// While it lives, this thread's names are UTF-8, so that they stay the bytes they are: tar's
// own headers are UTF-8, and names that are not are marked as binary. Only this thread's.
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
