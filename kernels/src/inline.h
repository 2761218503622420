/* INLINE: functions that must be inlined so that their constant arguments unroll loops. FACELITE_NOINLINE: those of
 * which one copy is enough. */
#ifndef FACELITE_INLINE_H
#define FACELITE_INLINE_H

#if defined(_MSC_VER)
#define INLINE static __forceinline
#define FACELITE_NOINLINE __declspec(noinline)
#else
#define INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define FACELITE_NOINLINE __attribute__((noinline))
#else
#define FACELITE_NOINLINE __attribute__((noinline, noclone))
#endif
#endif

/* Before a loop of constant length over vectors in registers. */
#if defined(__clang__)
#define UNROLLED _Pragma("unroll")
#elif defined(__GNUC__)
#define UNROLLED _Pragma("GCC unroll 16")
#else
#define UNROLLED
#endif

#endif
