#include <immintrin.h>

#define TIER avx2
#define VECTOR __m256i
#define SUMS 12
#define REGISTER "+x"
#define LOAD(bytes) _mm256_loadu_si256((const void *)(bytes))
#define MULTIPLY(sum, x, w) _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(x, w), _mm256_set1_epi16(1)))
#include "peak_body.h"
