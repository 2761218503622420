/* Made-up layers for the tests and the benchmark: packed as a blob packs them, owned by the caller. */
#ifndef FACELITE_SYNTHETIC_H
#define FACELITE_SYNTHETIC_H

#include <stddef.h>
#include <stdint.h>

#include "../src/ops.h"
#include "facelite/facelite.h"

/* xorshift64*: the same numbers everywhere. */
typedef struct random_source {
    uint64_t state;
} random_source;

uint32_t random_u32(random_source *random);
int32_t random_between(random_source *random, int32_t low, int32_t high); /* both included */

/* What the weights of a layer are like. */
typedef enum weight_kind {
    WEIGHTS_SAFE,     /* random, every pair safe for maddubs */
    WEIGHTS_SAFEST,   /* pairs that just keep the promise: 127 + 1, -127 - 1, 64 + 64, 127 and -127 */
    WEIGHTS_ANY,      /* random, -127..127 */
    WEIGHTS_POSITIVE, /* all 127 */
    WEIGHTS_NEGATIVE, /* all -127 */
} weight_kind;

typedef enum rescale_kind {
    RESCALE_TYPICAL,  /* outputs spread over the int8 range */
    RESCALE_EXTREME,  /* multipliers and shifts at their limits, left shifts included */
    RESCALE_RELU,     /* typical, with a fused ReLU: nothing below the zero point comes out */
    RESCALE_LIMITS,   /* the same with multipliers and right shifts at their limits */
    RESCALE_FLOATING, /* doubles */
} rescale_kind;

/* A layer of `inputs` inputs a row and `channels` outputs; `memory` is its one allocation. */
typedef struct synthetic_conv {
    facelite_conv layer;
    void *memory;
} synthetic_conv;

synthetic_conv synthetic_conv_make(random_source *random, uint32_t inputs, uint32_t channels, weight_kind weights,
                                   rescale_kind rescale);
void synthetic_conv_free(synthetic_conv *conv);

/* An ADD of two tensors of like scales. */
facelite_add synthetic_add(random_source *random);

/* The mu-law compander of every student (facelite.companding). */
void synthetic_compander(facelite_compander *compander);

#if defined(FACELITE_AVXVNNI_TWIN)
/* The avxvnni tier with its instruction EVEX-encoded; needs avx512vnni. */
void facelite_overlay_avxvnni_twin(facelite_ops *ops);
#endif

/* Zeroed memory aligned to FACELITE_ALIGNMENT; exits when there is none. Free with aligned_free. */
void *aligned_zeroed(size_t bytes);
void aligned_free(void *memory);

#endif
