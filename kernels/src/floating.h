/* What vector tiers share for layers that requantise in double. Such layers come from a Dense layer: rare and short,
 * so one lane at a time will do. */
#ifndef FACELITE_FLOATING_H
#define FACELITE_FLOATING_H

#include "ops.h"

/* The first `count` sums of a block, channels from `channel` on -> biased codes. */
void facelite_finish_floating(uint8_t *out, const int32_t sums[FACELITE_BLOCK], const facelite_conv *layer,
                              size_t channel, size_t count);

#endif
