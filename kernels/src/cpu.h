/* What the CPU and its operating system can run. Asked by cpuid and xgetbv directly: __builtin_cpu_supports
 * silently answers 0 under some compilers. */
#ifndef FACELITE_CPU_H
#define FACELITE_CPU_H

int facelite_cpu_always(void);
#if defined(FACELITE_X86)
int facelite_cpu_sse41(void);
int facelite_cpu_avx2(void);
int facelite_cpu_avx512vnni(void);
#endif

#endif
