#include <smmintrin.h>

#define TIER sse41
#define VECTOR __m128i
#define SUMS 12
#define REGISTER "+x"
#define LOAD(bytes) _mm_loadu_si128((const void *)(bytes))
#define MULTIPLY(sum, x, w) _mm_add_epi32(sum, _mm_madd_epi16(_mm_maddubs_epi16(x, w), _mm_set1_epi16(1)))
#include "peak_body.h"
