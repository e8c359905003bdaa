// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/table.h"

#include <algorithm>
#include <limits>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/utf8.h"

namespace toolboxd {
namespace {

constexpr char kEllipsis[] = "…";
constexpr size_t kGap = 2;
// The last column has at least so many, however wide the others are.
constexpr size_t kLeastLast = 12;

// The beginning of `text` that has at most `columns`.
absl::string_view FirstColumns(absl::string_view text, size_t columns) {
  size_t bytes = 0;
  for (; columns > 0 && bytes < text.size(); --columns) {
    bytes += std::max<size_t>(
        1, Utf8SequenceLength(std::string_view(text.data() + bytes, text.size() - bytes)));
  }
  return text.substr(0, bytes);
}

std::string Cut(const std::string& text, size_t columns) {
  if (Columns(text) <= columns) return text;
  return absl::StrCat(FirstColumns(text, columns - 1), kEllipsis);
}

// Takes a line of at most `columns` from the front, at a blank if there is one.
absl::string_view TakeLine(absl::string_view& text, size_t columns) {
  absl::string_view line = FirstColumns(text, columns);
  if (line.size() < text.size() && text[line.size()] != ' ') {
    const size_t blank = line.rfind(' ');
    if (blank != absl::string_view::npos && blank > 0) line = line.substr(0, blank);
  }
  text.remove_prefix(line.size());
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return line;
}

void TrimRight(std::string& line) {
  while (!line.empty() && line.back() == ' ') line.pop_back();
}

}  // namespace

size_t Columns(absl::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

std::string Coloured(absl::string_view text, Colour colour, const Terminal& terminal) {
  const char* code = colour == Colour::kGood   ? "\x1b[32m"
                     : colour == Colour::kBad  ? "\x1b[31m"
                     : colour == Colour::kNote ? "\x1b[1m"
                                               : "";
  if (!terminal.colours || *code == '\0' || text.empty()) return std::string(text);
  return absl::StrCat(code, text, "\x1b[0m");
}

void Table::AddRow(std::vector<Cell> row) {
  for (Cell& cell : row) cell.text = PrintableUtf8(cell.text);
  rows_.push_back(std::move(row));
}

std::vector<size_t> Table::Widths(size_t longest) const {
  std::vector<size_t> widths;
  for (const std::vector<Cell>& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    // The last text of a row needs no place in its column unless it is at the right.
    for (size_t i = 0; i < row.size(); ++i) {
      if (i + 1 == row.size() && !AtTheRight(i)) continue;
      widths[i] = std::max(widths[i], std::min(longest, Columns(row[i].text)));
    }
  }
  return widths;
}

bool Table::AtTheRight(size_t column) const {
  return column < alignment_.size() && alignment_[column] == 'r';
}

std::string Table::Row(const std::vector<Cell>& row, const std::vector<size_t>& widths,
                       const Terminal& terminal) const {
  std::string line;
  size_t used = 0;
  for (size_t i = 0; i + 1 < row.size() || (i < row.size() && AtTheRight(i)); ++i) {
    const std::string text = terminal.width == 0 ? row[i].text : Cut(row[i].text, kMaxColumn);
    const std::string blanks(widths[i] - Columns(text), ' ');
    const std::string shown = Coloured(text, row[i].colour, terminal);
    absl::StrAppend(&line, AtTheRight(i) ? blanks : shown, AtTheRight(i) ? shown : blanks,
                    std::string(kGap, ' '));
    used += widths[i] + kGap;
  }
  if (row.empty() || AtTheRight(row.size() - 1)) return line;
  absl::string_view rest = row.back().text;
  const size_t columns = terminal.width == 0 ? std::numeric_limits<size_t>::max()
                                             : std::max(terminal.width, used + kLeastLast) - used;
  absl::StrAppend(&line, Coloured(TakeLine(rest, columns), row.back().colour, terminal));
  while (!rest.empty()) {
    TrimRight(line);
    absl::StrAppend(&line, "\n", std::string(used, ' '),
                    Coloured(TakeLine(rest, columns), row.back().colour, terminal));
  }
  return line;
}

std::string Table::Text(const Terminal& terminal) const {
  const std::vector<size_t> widths =
      Widths(terminal.width == 0 ? std::numeric_limits<size_t>::max() : kMaxColumn);
  std::string text;
  for (const std::vector<Cell>& row : rows_) {
    std::string line = Row(row, widths, terminal);
    TrimRight(line);
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

}  // namespace toolboxd
