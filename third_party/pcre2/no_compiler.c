// SPDX-License-Identifier: Apache-2.0

// The archive's matcher refers to PCRE2's compiler to machine code, which is a quarter of a
// megabyte. No pattern is compiled that way here, and where toolboxd runs nothing could execute the
// result (MemoryDenyWriteExecute=). So these take its place; the first is called for such patterns
// only. Other versions of PCRE2 keep theirs.

#include <stddef.h>
#include <stdint.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#if PCRE2_MAJOR == 10 && PCRE2_MINOR == 42

int pcre2_jit_match(const pcre2_code* code, PCRE2_SPTR subject, PCRE2_SIZE length, PCRE2_SIZE start,
                    uint32_t options, pcre2_match_data* match, pcre2_match_context* context) {
  (void)code, (void)subject, (void)length, (void)start, (void)options, (void)match, (void)context;
  return PCRE2_ERROR_JIT_BADOPTION;
}

void _pcre2_jit_free_8(void* code, void* memory);
void _pcre2_jit_free_8(void* code, void* memory) { (void)code, (void)memory; }

const char* _pcre2_jit_get_target_8(void);
const char* _pcre2_jit_get_target_8(void) { return "none"; }

size_t _pcre2_jit_get_size_8(void* code);
size_t _pcre2_jit_get_size_8(void* code) {
  (void)code;
  return 0;
}

// Debian's own: whether memory can be executed.
int _pcre2_jit_check_exec_8(void);
int _pcre2_jit_check_exec_8(void) { return 0; }

#endif
