#include <immintrin.h>

#define TIER avxvnni
#define VECTOR __m256i
#define SUMS 12
#define REGISTER "+x"
#define LOAD(bytes) _mm256_loadu_si256((const void *)(bytes))
#define MULTIPLY(sum, x, w) _mm256_dpbusd_avx_epi32(sum, x, w)
#include "peak_body.h"
