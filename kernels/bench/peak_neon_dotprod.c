#include <arm_neon.h>

#define TIER neon_dotprod
#define VECTOR int32x4_t
#define SUMS 12
#define REGISTER "+w"
#define LOAD(bytes) vreinterpretq_s32_u8(vld1q_u8(bytes))
#define MULTIPLY(sum, x, w) vdotq_s32(sum, vreinterpretq_s8_s32(x), vreinterpretq_s8_s32(w))
#include "peak_body.h"
