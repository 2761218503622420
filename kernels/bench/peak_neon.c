#include <arm_neon.h>

#define TIER neon
#define VECTOR int32x4_t
#define SUMS 12
#define REGISTER "+w"
#define LOAD(bytes) vreinterpretq_s32_u8(vld1q_u8(bytes))
#define LOW(v) vget_low_s8(vreinterpretq_s8_s32(v))
#define HIGH(v) vget_high_s8(vreinterpretq_s8_s32(v))
#define MULTIPLY(sum, x, w) vpadalq_s16(sum, vmlal_s8(vmull_s8(LOW(x), LOW(w)), HIGH(x), HIGH(w)))
#include "peak_body.h"
