#include <immintrin.h>

#define TIER avx512vnni
#define VECTOR __m512i
#define SUMS 12
#define REGISTER "+v"
#define LOAD(bytes) _mm512_loadu_si512(bytes)
#define MULTIPLY(sum, x, w) _mm512_dpbusd_epi32(sum, x, w)
#include "peak_body.h"
