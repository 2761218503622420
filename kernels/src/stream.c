#include "stream.h"

#include <string.h>

#include "engine.h"

/* Silence, as a biased code. */
#define SILENCE 128

/* Samples after which frame 0 is out. With no lookahead a frame still waits for the sample it stands at, so that
 * n samples never make more than ceil(n / hop) frames. */
static uint64_t first_due(const facelite_info *info) {
    return info->lookahead > 0 ? info->lookahead : 1;
}

/* Unsmoothed frames whose audio is complete after `samples` samples. */
static uint64_t raw_after(const facelite_stream *stream, uint64_t samples) {
    const facelite_info *info = &stream->model->info;
    const uint64_t due = first_due(info);
    return samples < due ? 0 : (samples - due) / info->hop + 1;
}

/* Frames returned once `raw` unsmoothed ones are made: smoothing waits for the neighbour on the right. */
static uint64_t returned_after(const facelite_stream *stream, uint64_t raw) {
    return stream->smoothing && raw > 0 ? raw - 1 : raw;
}

static uint64_t total_frames(const facelite_stream *stream) {
    const uint64_t hop = stream->model->info.hop;
    return stream->samples / hop + (stream->samples % hop != 0);
}

static void restart(facelite_stream *stream) {
    const facelite_info *info = &stream->model->info;
    /* Hops end where lookahead does: silence stands in for the samples before the first one. Without lookahead
     * the whole hop before sample 0 is silence and waits for sample 0. */
    const uint32_t hops = info->lookahead > 0 ? (info->lookahead - 1) / info->hop + 1 : 1;
    stream->samples = 0;
    stream->raw = 0;
    stream->skip = hops - 1;
    stream->waiting = hops * info->hop - info->lookahead;
    memcpy(facelite_stream_state(stream), stream->model->primed, stream->model->state_bytes);
}

facelite_status facelite_stream_init(void *memory, size_t memory_bytes, const facelite_model *model,
                                     facelite_stream **out) {
    if (memory == NULL || model == NULL || out == NULL) {
        return FACELITE_E_ARGUMENT;
    }
    if (memory_bytes < model->info.stream_bytes || (uintptr_t)memory % FACELITE_ALIGNMENT != 0) {
        return FACELITE_E_MEMORY;
    }
    facelite_stream *stream = memory;
    stream->model = model;
    stream->smoothing = model->info.smoothing;
    restart(stream);
    *out = stream;
    return FACELITE_OK;
}

facelite_status facelite_stream_reset(facelite_stream *stream) {
    if (stream == NULL) {
        return FACELITE_E_ARGUMENT;
    }
    restart(stream);
    return FACELITE_OK;
}

facelite_status facelite_stream_set_smoothing(facelite_stream *stream, int enabled) {
    if (stream == NULL || (enabled != 0 && enabled != 1)) {
        return FACELITE_E_ARGUMENT;
    }
    stream->smoothing = (uint32_t)enabled;
    restart(stream);
    return FACELITE_OK;
}

size_t facelite_stream_frames_for(const facelite_stream *stream, size_t samples) {
    if (stream == NULL) {
        return 0;
    }
    const uint64_t raw = raw_after(stream, stream->samples + samples);
    return (size_t)(returned_after(stream, raw) - returned_after(stream, stream->raw));
}

size_t facelite_stream_frames_pending(const facelite_stream *stream) {
    return stream ? (size_t)(total_frames(stream) - returned_after(stream, stream->raw)) : 0;
}

static float dequantise(const facelite_model *model, uint8_t biased) {
    return (float)((int32_t)biased - model->out_zero_point) * model->out_scale;
}

static void dequantise_frame(const facelite_model *model, const uint8_t *codes, float *frame) {
    for (uint32_t c = 0; c < model->info.controls; c++) {
        frame[c] = dequantise(model, codes[c]);
    }
}

/* frame = ((a + b) + c) / 3 in exactly this order. */
static void average(const facelite_model *model, const uint8_t *a, const uint8_t *b, const uint8_t *c, float *frame) {
    const float third = 1.0f / 3.0f;
    for (uint32_t i = 0; i < model->info.controls; i++) {
        const float sum = dequantise(model, a[i]) + dequantise(model, b[i]);
        frame[i] = (sum + dequantise(model, c[i])) * third;
    }
}

/* Takes an unsmoothed frame and stores at most one frame; returns how many. */
static size_t deliver(facelite_stream *stream, const uint8_t *codes, float *frame) {
    const facelite_model *model = stream->model;
    const uint32_t controls = model->info.controls;
    const uint64_t index = stream->raw++;
    if (!stream->smoothing) {
        dequantise_frame(model, codes, frame);
        return 1;
    }
    uint8_t *before = facelite_stream_state(stream) + facelite_state_held(&model->info), *last = before + controls;
    if (index == 0) {
        memcpy(last, codes, controls);
        memcpy(before, codes, controls);
        return 0;
    }
    average(model, before, last, codes, frame);
    memcpy(before, last, controls);
    memcpy(last, codes, controls);
    return 1;
}

/* Runs the hop that has filled; returns how many frames it stored, 0 or 1. */
static size_t step(facelite_stream *stream, uint8_t *scratch, float *frame) {
    const uint8_t *codes =
        facelite_engine_hop(stream->model, facelite_stream_state(stream), scratch, NULL, NULL);
    stream->waiting = 0;
    if (stream->skip > 0) {
        stream->skip--;
        return 0;
    }
    return deliver(stream, codes, frame);
}

/* PCM of either type, consumed from the front. */
typedef struct source {
    const float *f32;
    const int16_t *i16;
    size_t left;
} source;

static void take(facelite_stream *stream, source *pcm, size_t samples) {
    const facelite_model *model = stream->model;
    uint8_t *codes = facelite_stream_state(stream) + stream->waiting;
    if (pcm->f32) {
        model->ops.encode_f32(codes, pcm->f32, samples, &model->compander);
        pcm->f32 += samples;
    } else {
        model->ops.encode_i16(codes, pcm->i16, samples, &model->compander);
        pcm->i16 += samples;
    }
    pcm->left -= samples;
    stream->samples += samples;
    stream->waiting += (uint32_t)samples;
}

static facelite_status check(const facelite_stream *stream, const void *scratch, const float *frames,
                             const size_t *written, size_t wanted, size_t capacity) {
    if (stream == NULL || scratch == NULL || written == NULL || (frames == NULL && wanted > 0)) {
        return FACELITE_E_ARGUMENT;
    }
    if ((uintptr_t)scratch % FACELITE_ALIGNMENT != 0) {
        return FACELITE_E_MEMORY;
    }
    return wanted > capacity ? FACELITE_E_CAPACITY : FACELITE_OK;
}

static facelite_status push(facelite_stream *stream, void *scratch, source pcm, float *frames, size_t capacity,
                            size_t *written) {
    const facelite_status status =
        check(stream, scratch, frames, written, facelite_stream_frames_for(stream, pcm.left), capacity);
    if (status != FACELITE_OK) {
        return status;
    }
    const facelite_info *info = &stream->model->info;
    size_t count = 0;
    while (pcm.left > 0) {
        if (stream->waiting == info->hop) { /* no lookahead: the hop waited for this sample */
            count += step(stream, scratch, frames + count * info->controls);
        }
        const size_t room = info->hop - stream->waiting;
        take(stream, &pcm, pcm.left < room ? pcm.left : room);
        if (stream->waiting == info->hop && info->lookahead > 0) {
            count += step(stream, scratch, frames + count * info->controls);
        }
    }
    *written = count;
    return FACELITE_OK;
}

facelite_status facelite_stream_push_f32(facelite_stream *stream, void *scratch, const float *pcm, size_t samples,
                                         float *frames, size_t frame_capacity, size_t *written) {
    if (pcm == NULL && samples > 0) {
        return FACELITE_E_ARGUMENT;
    }
    return push(stream, scratch, (source){pcm, NULL, samples}, frames, frame_capacity, written);
}

facelite_status facelite_stream_push_i16(facelite_stream *stream, void *scratch, const int16_t *pcm, size_t samples,
                                         float *frames, size_t frame_capacity, size_t *written) {
    if (pcm == NULL && samples > 0) {
        return FACELITE_E_ARGUMENT;
    }
    return push(stream, scratch, (source){NULL, pcm, samples}, frames, frame_capacity, written);
}

facelite_status facelite_stream_flush(facelite_stream *stream, void *scratch, float *frames, size_t frame_capacity,
                                      size_t *written) {
    const facelite_status status =
        check(stream, scratch, frames, written, facelite_stream_frames_pending(stream), frame_capacity);
    if (status != FACELITE_OK) {
        return status;
    }
    const facelite_model *model = stream->model;
    const uint32_t hop = model->info.hop, controls = model->info.controls;
    const uint64_t total = total_frames(stream);
    uint8_t *state = facelite_stream_state(stream);
    size_t count = 0;
    while (stream->raw < total) {
        memset(state + stream->waiting, SILENCE, hop - stream->waiting);
        count += step(stream, scratch, frames + count * controls);
    }
    if (stream->smoothing && total > 0) {
        const uint8_t *before = state + facelite_state_held(&model->info), *last = before + controls;
        average(model, before, last, last, frames + count * controls);
        count++;
    }
    restart(stream);
    *written = count;
    return FACELITE_OK;
}
