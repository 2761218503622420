/* One character. */
#ifndef FACELITE_STREAM_H
#define FACELITE_STREAM_H

#include "model.h"
#include "resample.h"

/* Seconds; keeps times finite. */
#define FACELITE_LONGEST_FADE 3600.0

struct facelite_stream {
    const facelite_model *model;
    size_t memory_bytes;
    uint64_t samples;  /* heard since the last reset, at the model's rate */
    uint64_t raw;      /* unsmoothed frames made since */
    uint64_t entries;  /* frames in the face's ring since its clock began; face.c */
    double fade;       /* seconds in which frames leave the pose; 0: there is none */
    uint32_t waiting;  /* codes in the state that wait for their hop to fill */
    uint32_t skip;     /* hops to run before frame 0: they hear only silence and lookahead */
    uint32_t smoothing;
    uint32_t resampled; /* 1: a facelite_resampler stands info.stream_bytes after this struct */
    uint32_t ended;     /* 1: flushed; the frames stay until the next clip begins */
    uint32_t named;     /* 1 while a crowd's step is checked and has met this stream; 0 at all other times */
    /* state, pose and kept frames follow */
};

/* Null when the stream hears the model's own rate. */
static inline facelite_resampler *facelite_stream_resampler(const facelite_stream *stream) {
    return stream->resampled ? (void *)((uint8_t *)(uintptr_t)stream + stream->model->info.stream_bytes) : NULL;
}

static inline uint8_t *facelite_stream_state(const facelite_stream *stream) {
    return (uint8_t *)(uintptr_t)(stream + 1);
}

/* Where the face was when it was stopped: float [controls], behind the state. */
static inline size_t facelite_pose_offset(size_t state_bytes) {
    return (state_bytes + sizeof(float) - 1) / sizeof(float) * sizeof(float);
}

static inline float *facelite_stream_pose(const facelite_stream *stream) {
    return (void *)(facelite_stream_state(stream) + facelite_pose_offset(stream->model->state_bytes));
}

/* Unsmoothed frames that a stream keeps, for smoothing and for sampling by time: codes [FACELITE_HELD][controls]. */
#define FACELITE_HELD 10u

static inline uint8_t *facelite_stream_held(const facelite_stream *stream) {
    return (uint8_t *)(facelite_stream_pose(stream) + stream->model->info.controls);
}

/* Bytes of state, pose and kept frames. */
static inline size_t facelite_stream_tail_bytes(size_t state_bytes, uint32_t controls) {
    return facelite_pose_offset(state_bytes) + controls * (sizeof(float) + FACELITE_HELD);
}

/* Hears samples from `pcm` until a hop is full (1: run it, then advance) or they are used up (0). */
int facelite_stream_fill(facelite_stream *stream, facelite_pcm *pcm);

/* Takes the frame of the hop that was full, biased codes; returns how many frames it stored, 0 or 1. */
size_t facelite_stream_advance(facelite_stream *stream, const uint8_t *codes, float *frame);

#endif
