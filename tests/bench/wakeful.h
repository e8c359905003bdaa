// Processors that do not halt.

#ifndef TOOLBOXD_TESTS_BENCH_WAKEFUL_H_
#define TOOLBOXD_TESTS_BENCH_WAKEFUL_H_

namespace toolboxd::bench {

// While one of these lives the kernel lets no processor halt: it asks for a wake-up latency of
// 0 us (/dev/cpu_dma_latency, Documentation/power/pm_qos_interface.rst). A virtual processor
// that halts is woken by its hypervisor, in 20 us or in 300, as other machines' work wills, and
// in the simulator each trap is two wake-ups: they would be all that is measured.
class WakefulProcessors {
 public:
  WakefulProcessors();
  ~WakefulProcessors();
  WakefulProcessors(const WakefulProcessors&) = delete;
  WakefulProcessors& operator=(const WakefulProcessors&) = delete;

  // False where the kernel has no such device, refuses it, or cannot heed it.
  bool held() const { return fd_ >= 0; }

 private:
  int fd_;
};

}  // namespace toolboxd::bench

#endif  // TOOLBOXD_TESTS_BENCH_WAKEFUL_H_
