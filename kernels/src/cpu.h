/* What the CPU and its operating system can run. x86 is asked by cpuid and xgetbv directly: __builtin_cpu_supports
 * silently answers 0 under some compilers. 64-bit Arm can only be asked through a system that tells: Linux and Android
 * do (HWCAP); elsewhere, on a console say, the whole library's compiler flags decide. */
#ifndef FACELITE_CPU_H
#define FACELITE_CPU_H

int facelite_cpu_always(void);
#if defined(FACELITE_X86)
int facelite_cpu_sse41(void);
int facelite_cpu_avx2(void);
int facelite_cpu_avxvnni(void);
int facelite_cpu_avx512vnni(void);
#elif defined(FACELITE_ARM64)
int facelite_cpu_neon_dotprod(void);
#endif

#endif
