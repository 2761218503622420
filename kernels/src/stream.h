/* One character. */
#ifndef FACELITE_STREAM_H
#define FACELITE_STREAM_H

#include "model.h"
#include "resample.h"

struct facelite_stream {
    const facelite_model *model;
    size_t memory_bytes;
    uint64_t samples;  /* heard since the last reset, at the model's rate */
    uint64_t raw;      /* unsmoothed frames made since */
    uint32_t waiting;  /* codes in the state that wait for their hop to fill */
    uint32_t skip;     /* hops to run before frame 0: they hear only silence and lookahead */
    uint32_t smoothing;
    uint32_t resampled; /* 1: a facelite_resampler stands info.stream_bytes after this struct */
    /* the state follows: facelite_stream_state */
};

/* Null when the stream hears the model's own rate. */
static inline facelite_resampler *facelite_stream_resampler(const facelite_stream *stream) {
    return stream->resampled ? (void *)((uint8_t *)(uintptr_t)stream + stream->model->info.stream_bytes) : NULL;
}

static inline uint8_t *facelite_stream_state(facelite_stream *stream) {
    return (uint8_t *)(stream + 1);
}

#endif
