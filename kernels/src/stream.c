#include "stream.h"

#include <string.h>

#include "engine.h"
#include "face.h"

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

/* Samples at the model's rate that the stream will have heard after `more` of the input. */
static uint64_t heard_after(const facelite_stream *stream, size_t more) {
    const facelite_resampler *resampler = facelite_stream_resampler(stream);
    return resampler ? facelite_resampled_after(resampler->filter, resampler->heard + more) : stream->samples + more;
}

/* Frames returned once `raw` unsmoothed ones are made: smoothing waits for the neighbour on the right. */
static uint64_t returned_after(const facelite_stream *stream, uint64_t raw) {
    return stream->smoothing && raw > 0 ? raw - 1 : raw;
}

/* Frames of the clip when it ends here. */
static uint64_t total_frames(const facelite_stream *stream) {
    const facelite_resampler *resampler = facelite_stream_resampler(stream);
    const uint64_t hop = stream->model->info.hop;
    const uint64_t samples =
        resampler ? facelite_resampled_total(resampler->filter, resampler->heard) : stream->samples;
    return samples / hop + (samples % hop != 0);
}

/* Forgets all audio, but not the frames that came of it. */
static void restart(facelite_stream *stream) {
    const facelite_info *info = &stream->model->info;
    /* Hops end where lookahead does: silence stands in for the samples before the first one. Without lookahead
     * the whole hop before sample 0 is silence and waits for sample 0. */
    const uint32_t hops = info->lookahead > 0 ? (info->lookahead - 1) / info->hop + 1 : 1;
    stream->samples = 0;
    stream->raw = 0;
    stream->ended = 0;
    stream->skip = hops - 1;
    stream->waiting = hops * info->hop - info->lookahead;
    memcpy(facelite_stream_state(stream), stream->model->primed, stream->model->state_bytes);
    facelite_resampler *resampler = facelite_stream_resampler(stream);
    if (resampler) {
        facelite_resampler_reset(resampler, resampler->filter);
    }
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
    stream->memory_bytes = memory_bytes;
    stream->smoothing = model->info.smoothing;
    stream->resampled = 0;
    stream->named = 0;
    memset(facelite_stream_pose(stream), 0, model->info.controls * sizeof(float));
    facelite_face_restart(stream, 0.0);
    restart(stream);
    *out = stream;
    return FACELITE_OK;
}

const facelite_model *facelite_stream_model(const facelite_stream *stream) {
    return stream ? stream->model : NULL;
}

static const facelite_filter *filter_for(const facelite_info *info, uint32_t hz) {
    return info->sample_rate == FACELITE_RESAMPLED_RATE ? facelite_filter_find(hz) : NULL;
}

size_t facelite_stream_bytes(const facelite_model *model, uint32_t hz) {
    if (model == NULL) {
        return 0;
    }
    const facelite_filter *filter = filter_for(&model->info, hz);
    if (filter) {
        return model->info.stream_bytes + facelite_align(facelite_resampler_bytes(filter));
    }
    return hz == model->info.sample_rate ? model->info.stream_bytes : 0;
}

facelite_status facelite_stream_set_rate(facelite_stream *stream, uint32_t hz) {
    const size_t bytes = stream ? facelite_stream_bytes(stream->model, hz) : 0;
    if (bytes == 0) {
        return FACELITE_E_ARGUMENT;
    }
    if (stream->memory_bytes < bytes) {
        return FACELITE_E_MEMORY;
    }
    const facelite_filter *filter = filter_for(&stream->model->info, hz);
    stream->resampled = filter != NULL;
    if (filter) {
        facelite_resampler_reset(facelite_stream_resampler(stream), filter);
    }
    facelite_face_restart(stream, 0.0);
    restart(stream);
    return FACELITE_OK;
}

facelite_status facelite_stream_latency(const facelite_stream *stream, facelite_latency *latency) {
    if (stream == NULL || latency == NULL) {
        return FACELITE_E_ARGUMENT;
    }
    const facelite_info *info = &stream->model->info;
    const facelite_resampler *resampler = facelite_stream_resampler(stream);
    const double rate = info->sample_rate, hop = info->hop / rate;
    latency->lookahead = info->lookahead / rate;
    latency->smoothing = stream->smoothing ? hop : 0.0;
    latency->hop = hop;
    latency->resampler = resampler ? resampler->filter->taps / 2 / (double)resampler->filter->hz : 0.0;
    return FACELITE_OK;
}

facelite_status facelite_stream_reset(facelite_stream *stream) {
    if (stream == NULL) {
        return FACELITE_E_ARGUMENT;
    }
    facelite_face_restart(stream, 0.0);
    restart(stream);
    return FACELITE_OK;
}

facelite_status facelite_stream_stop(facelite_stream *stream, double at, double fade) {
    if (stream == NULL || at != at || !(fade >= 0.0 && fade <= FACELITE_LONGEST_FADE)) {
        return FACELITE_E_ARGUMENT;
    }
    facelite_face_at(stream, at, facelite_stream_pose(stream));
    facelite_face_restart(stream, fade);
    restart(stream);
    return FACELITE_OK;
}

facelite_status facelite_stream_sample(const facelite_stream *stream, double seconds, float *frame) {
    if (stream == NULL || frame == NULL || seconds != seconds) {
        return FACELITE_E_ARGUMENT;
    }
    facelite_face_at(stream, seconds, frame);
    return FACELITE_OK;
}

facelite_status facelite_stream_set_smoothing(facelite_stream *stream, int enabled) {
    if (stream == NULL || (enabled != 0 && enabled != 1)) {
        return FACELITE_E_ARGUMENT;
    }
    stream->smoothing = (uint32_t)enabled;
    facelite_face_restart(stream, 0.0);
    restart(stream);
    return FACELITE_OK;
}

size_t facelite_stream_frames_for(const facelite_stream *stream, size_t samples) {
    if (stream == NULL) {
        return 0;
    }
    const uint64_t raw = raw_after(stream, heard_after(stream, samples));
    return (size_t)(returned_after(stream, raw) - returned_after(stream, stream->raw));
}

size_t facelite_stream_frames_pending(const facelite_stream *stream) {
    return stream ? (size_t)(total_frames(stream) - returned_after(stream, stream->raw)) : 0;
}

size_t facelite_stream_advance(facelite_stream *stream, const uint8_t *codes, float *frame) {
    stream->waiting = 0;
    if (stream->skip > 0) {
        stream->skip--;
        return 0;
    }
    stream->raw++;
    return facelite_face_add(stream, codes, frame);
}

/* Runs the hop that has filled; returns how many frames it stored, 0 or 1. */
static size_t step(facelite_stream *stream, uint8_t *scratch, float *frame) {
    const uint8_t *codes = facelite_engine_hop(stream->model, facelite_stream_state(stream), scratch, NULL, NULL);
    return facelite_stream_advance(stream, codes, frame);
}

/* Encodes the next `samples` samples behind the codes that wait. */
static void encode(facelite_stream *stream, facelite_pcm *pcm, size_t samples) {
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

/* Samples that the resampler hands over at once; they pass through the stack. */
#define RESAMPLED_BLOCK 64

/* As encode, of `samples` samples that the resampler can make of `pcm`. */
static void encode_resampled(facelite_stream *stream, facelite_resampler *resampler, facelite_pcm *pcm, size_t samples) {
    float block[RESAMPLED_BLOCK];
    while (samples > 0) {
        const size_t room = samples < RESAMPLED_BLOCK ? samples : RESAMPLED_BLOCK;
        facelite_pcm resampled = {block, NULL, room};
        samples -= facelite_resample(resampler, &stream->model->ops, pcm, block, room);
        encode(stream, &resampled, room);
    }
}

int facelite_stream_fill(facelite_stream *stream, facelite_pcm *pcm) {
    const facelite_info *info = &stream->model->info;
    facelite_resampler *resampler = facelite_stream_resampler(stream);
    if (stream->ended && pcm->left > 0) { /* a clip after the one that was flushed: its own clock */
        stream->ended = 0;
        facelite_face_restart(stream, 0.0);
    }
    for (;;) {
        const uint64_t left = heard_after(stream, pcm->left) - stream->samples;
        if (left == 0) {
            break;
        }
        const size_t room = info->hop - stream->waiting;
        if (room == 0) { /* no lookahead: the hop waited for this sample */
            return 1;
        }
        const size_t samples = left < room ? (size_t)left : room;
        if (resampler) {
            encode_resampled(stream, resampler, pcm, samples);
        } else {
            encode(stream, pcm, samples);
        }
        if (stream->waiting == info->hop && info->lookahead > 0) {
            return 1;
        }
    }
    if (resampler) {
        facelite_resample_rest(resampler, &stream->model->ops, pcm);
    }
    return 0;
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

/* Returns how many frames it stored. */
static size_t hear(facelite_stream *stream, uint8_t *scratch, facelite_pcm *pcm, float *frames) {
    size_t count = 0;
    while (facelite_stream_fill(stream, pcm)) {
        count += step(stream, scratch, frames + count * stream->model->info.controls);
    }
    return count;
}

static facelite_status push(facelite_stream *stream, void *scratch, facelite_pcm *pcm, float *frames, size_t capacity,
                            size_t *written) {
    const facelite_status status =
        check(stream, scratch, frames, written, facelite_stream_frames_for(stream, pcm->left), capacity);
    if (status == FACELITE_OK) {
        *written = hear(stream, scratch, pcm, frames);
    }
    return status;
}

facelite_status facelite_stream_push_f32(facelite_stream *stream, void *scratch, const float *pcm, size_t samples,
                                         float *frames, size_t frame_capacity, size_t *written) {
    if (pcm == NULL && samples > 0) {
        return FACELITE_E_ARGUMENT;
    }
    return push(stream, scratch, &(facelite_pcm){pcm, NULL, samples}, frames, frame_capacity, written);
}

facelite_status facelite_stream_push_i16(facelite_stream *stream, void *scratch, const int16_t *pcm, size_t samples,
                                         float *frames, size_t frame_capacity, size_t *written) {
    if (pcm == NULL && samples > 0) {
        return FACELITE_E_ARGUMENT;
    }
    return push(stream, scratch, &(facelite_pcm){NULL, pcm, samples}, frames, frame_capacity, written);
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
    const facelite_resampler *resampler = facelite_stream_resampler(stream);
    uint8_t *state = facelite_stream_state(stream);
    size_t count = 0;
    if (resampler && total > 0) { /* the outputs that wait for the samples after them */
        facelite_pcm silence = {NULL, NULL, resampler->filter->taps / 2};
        count = hear(stream, scratch, &silence, frames);
    }
    while (stream->raw < total) {
        memset(state + stream->waiting, SILENCE, hop - stream->waiting);
        count += step(stream, scratch, frames + count * controls);
    }
    if (stream->smoothing && total > 0) {
        facelite_face_finish(stream, frames + count * controls);
        count++;
    }
    const uint32_t ended = stream->ended || total > 0; /* flushed again: the frames are still the clip's before */
    restart(stream);
    stream->ended = ended;
    *written = count;
    return FACELITE_OK;
}
