// SPDX-License-Identifier: Apache-2.0

// Table: rows of text in columns.

#ifndef TOOLBOXD_TOOLBOXCTL_TABLE_H_
#define TOOLBOXD_TOOLBOXCTL_TABLE_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "toolboxctl/output.h"

namespace toolboxd {

enum class Colour { kNone, kGood, kBad, kNote };

// `text` in a colour, where the terminal has colours.
std::string Coloured(absl::string_view text, Colour colour, const Terminal& terminal);

struct Cell {
  Cell(std::string text, Colour colour = Colour::kNone)  // NOLINT: rows are lists of texts.
      : text(std::move(text)), colour(colour) {}
  Cell(const char* text) : text(text) {}  // NOLINT

  std::string text;
  Colour colour = Colour::kNone;
};

// Columns are as wide as their longest text, with two blanks between them. The last one takes what
// is left of the terminal's width, and is continued below itself. What is not printable
// (base/utf8.h) becomes question marks: texts may come from guest users.
class Table {
 public:
  // Which columns have their texts at the right, as numbers: an 'r' for each of these, an 'l' for
  // each of the others, such as "llr". A column beyond it is at the left.
  explicit Table(std::string alignment = "") : alignment_(std::move(alignment)) {}

  void AddRow(std::vector<Cell> row);
  bool empty() const { return rows_.empty(); }

  // The longest text of a column but the last; what is longer is cut, with an ellipsis, if the
  // terminal has a width.
  static constexpr size_t kMaxColumn = 44;

  std::string Text(const Terminal& terminal) const;

 private:
  std::vector<size_t> Widths(size_t longest) const;
  bool AtTheRight(size_t column) const;
  std::string Row(const std::vector<Cell>& row, const std::vector<size_t>& widths,
                  const Terminal& terminal) const;

  const std::string alignment_;
  std::vector<std::vector<Cell>> rows_;
};

// Columns that a text of well-formed UTF-8 takes, each character one.
size_t Columns(absl::string_view text);

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_TABLE_H_
