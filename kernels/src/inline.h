/* Functions that must be inlined so that their constant arguments unroll loops. */
#ifndef FACELITE_INLINE_H
#define FACELITE_INLINE_H

#if defined(_MSC_VER)
#define INLINE static __forceinline
#else
#define INLINE static inline __attribute__((always_inline))
#endif

#endif
