// SPDX-License-Identifier: Apache-2.0

// Shows ThreadSanitizer what orders threads in archives that are not instrumented: absl::Mutex,
// CondVar and Notification, and gRPC's completion queues. Calls of them from other objects come
// here by the linker's --wrap (.bazelrc, tsan; tests/races).

#include <sanitizer/tsan_interface.h>

#include <cstddef>
#include <cstdint>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#define REAL(name) __real__ZN4absl7debian3##name
#define WRAP(name) __wrap__ZN4absl7debian3##name
#define REAL_CONST(name) __real__ZNK4absl7debian3##name
#define WRAP_CONST(name) __wrap__ZNK4absl7debian3##name

extern "C" {

void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);

// What gRPC's archive orders by atomics, which are not seen. By the innermost function only:
// services' functions run on its threads.
const char* __tsan_default_suppressions() {
  return "race_top:grpc_core::\n"
         "race_top:grpc_event_engine::\n"
         "race_top:absl::debian3::time_internal\n";
}

}  // extern "C"

namespace {

constexpr unsigned kReader = __tsan_mutex_read_lock;

// A mutex that is released and taken again within a call. Its condition is called by whoever
// has the mutex, in places that are not seen.
class Released {
 public:
  Released(void* mutex, unsigned flags) : mutex_(mutex), flags_(flags) {
    __tsan_mutex_pre_unlock(mutex_, flags_);
    __tsan_mutex_post_unlock(mutex_, flags_);
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
  }
  ~Released() {
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
    __tsan_mutex_pre_lock(mutex_, flags_);
    __tsan_mutex_post_lock(mutex_, flags_, 0);
  }

 private:
  void* const mutex_;
  const unsigned flags_;
};

// A mutex that is taken by a call.
class Taken {
 public:
  Taken(void* mutex, unsigned flags) : mutex_(mutex), flags_(flags) {
    __tsan_mutex_pre_lock(mutex_, flags_);
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
  }
  ~Taken() {
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
    __tsan_mutex_post_lock(mutex_, flags_ | (failed ? __tsan_mutex_try_lock_failed : 0), 0);
  }
  bool failed = false;

 private:
  void* const mutex_;
  const unsigned flags_;
};

}  // namespace

// NOLINTBEGIN: the names are the linker's.
#define TAKES(name, flags)                  \
  extern "C" void REAL(name)(void*);        \
  extern "C" void WRAP(name)(void* mutex) { \
    const Taken taken(mutex, flags);        \
    REAL(name)(mutex);                      \
  }
TAKES(5Mutex4LockEv, 0)
TAKES(5Mutex10ReaderLockEv, kReader)

#define TRIES(name, flags)                               \
  extern "C" bool REAL(name)(void*);                     \
  extern "C" bool WRAP(name)(void* mutex) {              \
    Taken taken(mutex, (flags) | __tsan_mutex_try_lock); \
    taken.failed = !REAL(name)(mutex);                   \
    return !taken.failed;                                \
  }
TRIES(5Mutex7TryLockEv, 0)
TRIES(5Mutex13ReaderTryLockEv, kReader)

#define RELEASES(name, flags)               \
  extern "C" void REAL(name)(void*);        \
  extern "C" void WRAP(name)(void* mutex) { \
    __tsan_mutex_pre_unlock(mutex, flags);  \
    REAL(name)(mutex);                      \
    __tsan_mutex_post_unlock(mutex, flags); \
  }
RELEASES(5Mutex6UnlockEv, 0)
RELEASES(5Mutex12ReaderUnlockEv, kReader)

#define TAKES_WHEN(name, flags)                                               \
  extern "C" void REAL(name)(void*, const absl::Condition&);                  \
  extern "C" void WRAP(name)(void* mutex, const absl::Condition& condition) { \
    const Taken taken(mutex, flags);                                          \
    REAL(name)(mutex, condition);                                             \
  }
TAKES_WHEN(5Mutex8LockWhenERKNS0_9ConditionE, 0)
TAKES_WHEN(5Mutex14ReaderLockWhenERKNS0_9ConditionE, kReader)

#define TAKES_UNTIL(name, flags, limit)                                                   \
  extern "C" bool REAL(name)(void*, const absl::Condition&, limit);                       \
  extern "C" bool WRAP(name)(void* mutex, const absl::Condition& condition, limit time) { \
    const Taken taken(mutex, flags);                                                      \
    return REAL(name)(mutex, condition, time);                                            \
  }
TAKES_UNTIL(5Mutex19LockWhenWithTimeoutERKNS0_9ConditionENS0_8DurationE, 0, absl::Duration)
TAKES_UNTIL(5Mutex20LockWhenWithDeadlineERKNS0_9ConditionENS0_4TimeE, 0, absl::Time)

extern "C" void REAL(5Mutex5AwaitERKNS0_9ConditionE)(void*, const absl::Condition&);
extern "C" void WRAP(5Mutex5AwaitERKNS0_9ConditionE)(void* mutex,
                                                     const absl::Condition& condition) {
  const Released released(mutex, 0);
  REAL(5Mutex5AwaitERKNS0_9ConditionE)(mutex, condition);
}

#define AWAITS(name, limit)                                                               \
  extern "C" bool REAL(name)(void*, const absl::Condition&, limit);                       \
  extern "C" bool WRAP(name)(void* mutex, const absl::Condition& condition, limit time) { \
    const Released released(mutex, 0);                                                    \
    return REAL(name)(mutex, condition, time);                                            \
  }
AWAITS(5Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE, absl::Duration)
AWAITS(5Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE, absl::Time)

extern "C" void REAL(7CondVar4WaitEPNS0_5MutexE)(void*, void*);
extern "C" void WRAP(7CondVar4WaitEPNS0_5MutexE)(void* variable, void* mutex) {
  const Released released(mutex, 0);
  REAL(7CondVar4WaitEPNS0_5MutexE)(variable, mutex);
}

#define WAITS(name, limit)                                              \
  extern "C" bool REAL(name)(void*, void*, limit);                      \
  extern "C" bool WRAP(name)(void* variable, void* mutex, limit time) { \
    const Released released(mutex, 0);                                  \
    return REAL(name)(variable, mutex, time);                           \
  }
WAITS(7CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE, absl::Duration)
WAITS(7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE, absl::Time)

extern "C" void REAL(5MutexD1Ev)(void*);
extern "C" void WRAP(5MutexD1Ev)(void* mutex) {
  REAL(5MutexD1Ev)(mutex);
  __tsan_mutex_destroy(mutex, 0);
}

// Unlocks inside the archive.
extern "C" void REAL(19ReleasableMutexLock7ReleaseEv)(void**);
extern "C" void WRAP(19ReleasableMutexLock7ReleaseEv)(void** lock) {
  void* const mutex = *lock;
  __tsan_mutex_pre_unlock(mutex, 0);
  REAL(19ReleasableMutexLock7ReleaseEv)(lock);
  __tsan_mutex_post_unlock(mutex, 0);
}

// HasBeenNotified() is inline, and loads the byte after the mutex.
extern "C" void REAL(12Notification6NotifyEv)(char*);
extern "C" void WRAP(12Notification6NotifyEv)(char* notification) {
  __tsan_release(notification);
  __tsan_release(notification + sizeof(absl::Mutex));
  REAL(12Notification6NotifyEv)(notification);
}
extern "C" void REAL_CONST(12Notification19WaitForNotificationEv)(void*);
extern "C" void WRAP_CONST(12Notification19WaitForNotificationEv)(void* notification) {
  REAL_CONST(12Notification19WaitForNotificationEv)(notification);
  __tsan_acquire(notification);
}
#define NOTIFIED(name, limit)                                        \
  extern "C" bool REAL_CONST(name)(void*, limit);                    \
  extern "C" bool WRAP_CONST(name)(void* notification, limit time) { \
    const bool notified = REAL_CONST(name)(notification, time);      \
    if (notified) __tsan_acquire(notification);                      \
    return notified;                                                 \
  }
NOTIFIED(12Notification30WaitForNotificationWithTimeoutENS0_8DurationE, absl::Duration)
NOTIFIED(12Notification31WaitForNotificationWithDeadlineENS0_4TimeE, absl::Time)

// What a thread did before it starts an operation happens before what another one does with its
// result. Weak: not every program has gRPC.
struct GrpcEvent {
  int type;
  int success;
  void* tag;
};
struct GrpcTime {
  int64_t seconds;
  int32_t nanoseconds;
  int clock;
};
extern "C" __attribute__((weak)) int __real_grpc_call_start_batch(void*, const void*, size_t, void*,
                                                                  void*);
extern "C" int __wrap_grpc_call_start_batch(void* call, const void* operations, size_t count,
                                            void* tag, void* reserved) {
  if (tag != nullptr) __tsan_release(tag);
  return __real_grpc_call_start_batch(call, operations, count, tag, reserved);
}
extern "C" __attribute__((weak)) GrpcEvent __real_grpc_completion_queue_next(void*, GrpcTime,
                                                                             void*);
extern "C" GrpcEvent __wrap_grpc_completion_queue_next(void* queue, GrpcTime deadline,
                                                       void* reserved) {
  const GrpcEvent event = __real_grpc_completion_queue_next(queue, deadline, reserved);
  if (event.tag != nullptr) __tsan_acquire(event.tag);
  return event;
}
// NOLINTEND
