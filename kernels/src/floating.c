#include "floating.h"

#include <string.h>

#include "requant.h"

void facelite_finish_floating(uint8_t *out, const int32_t sums[FACELITE_BLOCK], const facelite_conv *layer,
                              size_t channel, size_t count) {
    for (size_t i = 0; i < count; i++) {
        double scale;
        memcpy(&scale, (const uint8_t *)layer->scale + (channel + i) * sizeof scale, sizeof scale);
        const int32_t y = facelite_requantise_floating(sums[i], scale) + layer->zero_point;
        out[i] = (uint8_t)facelite_clamp(y, layer->lo, layer->hi);
    }
}
