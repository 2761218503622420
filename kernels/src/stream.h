/* One character. */
#ifndef FACELITE_STREAM_H
#define FACELITE_STREAM_H

#include "model.h"

struct facelite_stream {
    const facelite_model *model;
    uint64_t samples;  /* heard since the last reset */
    uint64_t raw;      /* unsmoothed frames made since */
    uint32_t waiting;  /* codes in the state that wait for their hop to fill */
    uint32_t skip;     /* hops to run before frame 0: they hear only silence and lookahead */
    uint32_t smoothing;
    uint32_t reserved;
    /* the state follows: facelite_stream_state */
};

static inline uint8_t *facelite_stream_state(facelite_stream *stream) {
    return (uint8_t *)(stream + 1);
}

#endif
