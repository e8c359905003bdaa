// SPDX-License-Identifier: Apache-2.0

#include "deployd/testing/test_package.h"

#include <stdlib.h>
#include <zlib.h>

#include <algorithm>

namespace toolboxd::deployd {
namespace {

constexpr size_t kBlock = 32768;

void Put(std::string& out, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; ++i) out += static_cast<char>(value >> (8 * i));
}

// The checksum of a cabinet's block: words, exclusive or; the bytes left over come reversed.
uint32_t Checksum(const std::string& bytes, uint32_t sum) {
  size_t i = 0;
  const auto byte = [&bytes](size_t at) { return uint32_t{static_cast<uint8_t>(bytes[at])}; };
  for (; i + 4 <= bytes.size(); i += 4) {
    sum ^= byte(i) | byte(i + 1) << 8 | byte(i + 2) << 16 | byte(i + 3) << 24;
  }
  uint32_t rest = 0;
  for (; i < bytes.size(); ++i) rest = rest << 8 | byte(i);
  return sum ^ rest;
}

std::string Deflate(const std::string& block, const std::string& before) {
  z_stream stream = {};
  if (deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK) abort();
  if (!before.empty()) {
    deflateSetDictionary(&stream, reinterpret_cast<const Bytef*>(before.data()), before.size());
  }
  std::string out(deflateBound(&stream, block.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(block.data()));
  stream.avail_in = block.size();
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = out.size();
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) abort();
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return "CK" + out;
}

}  // namespace

std::string MakeCabinet(const std::vector<TestFile>& files, Compression compression) {
  std::string all, entries, data;
  for (const TestFile& file : files) {
    Put(entries, file.second.size(), 4);
    Put(entries, all.size(), 4);
    Put(entries, 0, 2);
    Put(entries, 0x60005aa1, 4);
    Put(entries, 0x20, 2);
    entries += file.first;
    entries += '\0';
    all += file.second;
  }
  std::string before;
  for (size_t at = 0; at < all.size(); at += kBlock) {
    const std::string block = all.substr(at, kBlock);
    const std::string packed = compression == Compression::kStored ? block : Deflate(block, before);
    std::string sizes;
    Put(sizes, packed.size(), 2);
    Put(sizes, block.size(), 2);
    Put(data, Checksum(sizes, Checksum(packed, 0)), 4);
    data += sizes + packed;
    before = block;
  }
  std::string out = "MSCF";
  const size_t data_offset = 44 + entries.size();
  Put(out, 0, 4);
  Put(out, data_offset + data.size(), 4);
  Put(out, 0, 4);
  Put(out, 44, 4);
  Put(out, 0, 4);
  Put(out, 0x0103, 2);
  Put(out, 1, 2);
  Put(out, files.size(), 2);
  Put(out, 0, 2);
  Put(out, 0x1234, 4);
  Put(out, data_offset, 4);
  Put(out, (all.size() + kBlock - 1) / kBlock, 2);
  Put(out, static_cast<uint16_t>(compression), 2);
  return out + entries + data;
}

void SumBlocks(std::string& cabinet) {
  const auto word = [&cabinet](size_t at) {
    return uint32_t{static_cast<uint8_t>(cabinet[at])} |
           uint32_t{static_cast<uint8_t>(cabinet[at + 1])} << 8;
  };
  // The folder's first block, and how many there are.
  if (cabinet.size() < 44) return;
  size_t at = word(36) | size_t{word(38)} << 16;
  for (uint32_t left = word(40); left > 0 && at + 8 <= cabinet.size(); --left) {
    const size_t packed = word(at + 4);
    if (at + 8 + packed > cabinet.size()) return;
    const uint32_t sum =
        Checksum(cabinet.substr(at + 4, 4), Checksum(cabinet.substr(at + 8, packed), 0));
    Patch(cabinet, at, sum, 4);
    at += 8 + packed;
  }
}

std::string WrapPayload(const std::string& payload, uint8_t flags) {
  std::string out = "VMWAREDEPLOYPKG_";
  Put(out, 1, 2);
  Put(out, 0, 1);
  Put(out, flags, 1);
  Put(out, 600, 4);
  Put(out, 512 + payload.size(), 8);
  Put(out, 512, 8);
  Put(out, payload.size(), 8);
  Put(out, 0, 8);
  out +=
      "/usr/bin/perl -I/tmp/.vmware/linux/deploy/scripts "
      "/tmp/.vmware/linux/deploy/scripts/Customize.pl /tmp/.vmware/linux/deploy/cust.cfg";
  out.resize(512);
  return out + payload;
}

std::string MakePackage(const std::vector<TestFile>& files, Compression compression,
                        uint8_t flags) {
  return WrapPayload(MakeCabinet(files, compression), flags);
}

void Patch(std::string& bytes, size_t offset, uint64_t value, size_t size) {
  std::string number;
  Put(number, value, size);
  bytes.replace(offset, size, number);
}

const char kVectorConfiguration[] =
    "[NETWORK]\nNETWORKING = yes\nBOOTPROTO = dhcp\nHOSTNAME = web1\nDOMAINNAME = example.com\n\n"
    "[NIC-CONFIG]\nNICS = NIC1\n\n"
    "[NIC1]\nMACADDR = 00:50:56:aa:bb:cc\nPRIMARY = yes\nONBOOT = yes\n"
    "IPv4_MODE = BACKWARDS_COMPATIBLE\nBOOTPROTO = dhcp\n\n"
    "[DNS]\nDNSFROMDHCP=yes\n\n[DATETIME]\nTIMEZONE = Etc/UTC\nUTC = yes\n";

}  // namespace toolboxd::deployd
