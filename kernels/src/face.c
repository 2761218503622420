#include "face.h"

#include <string.h>

/* Codes of an entry. When smoothing, entry k + 1 is unsmoothed frame k: the first one stands twice, as its own
 * neighbour on the left, and at the end of the clip so does the last. */
static uint8_t *held(const facelite_stream *stream, uint64_t entry) {
    return facelite_stream_held(stream) + entry % FACELITE_HELD * stream->model->info.controls;
}

static void hold(facelite_stream *stream, const uint8_t *codes) {
    memmove(held(stream, stream->entries), codes, stream->model->info.controls);
    stream->entries++;
}

/* Frames since the clock began. */
static uint64_t made(const facelite_stream *stream) {
    const uint64_t span = stream->smoothing ? 3 : 1;
    return stream->entries < span ? 0 : stream->entries - span + 1;
}

static float dequantise(const facelite_model *model, uint8_t biased) {
    return (float)((int32_t)biased - model->out_zero_point) * model->out_scale;
}

/* What a frame is made of: one entry, or three to average. */
typedef struct entries {
    const uint8_t *first, *second, *third; /* the last two are null for one */
} entries;

static entries entries_of(const facelite_stream *stream, uint64_t frame) {
    if (!stream->smoothing) {
        return (entries){held(stream, frame), NULL, NULL};
    }
    return (entries){held(stream, frame), held(stream, frame + 1), held(stream, frame + 2)};
}

/* ((a + b) + c) / 3 in exactly this order. */
static float value(const facelite_model *model, const entries *of, uint32_t control) {
    const float first = dequantise(model, of->first[control]);
    if (of->second == NULL) {
        return first;
    }
    const float sum = first + dequantise(model, of->second[control]);
    return (sum + dequantise(model, of->third[control])) * (1.0f / 3.0f);
}

/* How much of the face at `seconds` is the clip's, 0 .. 1; the rest is the pose that it left from. */
static float share_at(const facelite_stream *stream, double seconds) {
    if (stream->fade <= 0.0 || seconds >= stream->fade) {
        return 1.0f;
    }
    return seconds > 0.0 ? (float)(seconds / stream->fade) : 0.0f;
}

static float mix(float from, float to, float share) {
    return share < 1.0f ? from + share * (to - from) : to;
}

static void store_newest(const facelite_stream *stream, float *frame) {
    const facelite_info *info = &stream->model->info;
    const uint64_t index = made(stream) - 1;
    const entries of = entries_of(stream, index);
    const float share = share_at(stream, (double)(index * info->hop) / info->sample_rate);
    const float *pose = facelite_stream_pose(stream);
    for (uint32_t c = 0; c < info->controls; c++) {
        frame[c] = mix(pose[c], value(stream->model, &of, c), share);
    }
}

void facelite_face_restart(facelite_stream *stream, double fade) {
    stream->entries = 0;
    stream->fade = fade;
}

size_t facelite_face_add(facelite_stream *stream, const uint8_t *codes, float *frame) {
    if (stream->smoothing && stream->entries == 0) {
        hold(stream, codes);
    }
    hold(stream, codes);
    if (made(stream) == 0) {
        return 0;
    }
    store_newest(stream, frame);
    return 1;
}

void facelite_face_finish(facelite_stream *stream, float *frame) {
    hold(stream, held(stream, stream->entries - 1));
    store_newest(stream, frame);
}

/* A moment between two frames that are kept. */
typedef struct moment {
    entries before, after;
    float share; /* of `after` */
} moment;

static moment find(const facelite_stream *stream, double seconds) {
    const facelite_info *info = &stream->model->info;
    if (made(stream) == 0) {
        const entries rest = {stream->model->rest, NULL, NULL};
        return (moment){rest, rest, 0.0f};
    }
    const uint64_t newest = made(stream) - 1;
    const uint64_t oldest = stream->entries > FACELITE_HELD ? stream->entries - FACELITE_HELD : 0;
    const double place = seconds * info->sample_rate / info->hop;
    const double clamped = place < (double)oldest ? (double)oldest : place < (double)newest ? place : (double)newest;
    const uint64_t before = (uint64_t)clamped;
    const uint64_t after = before < newest ? before + 1 : newest;
    return (moment){entries_of(stream, before), entries_of(stream, after), (float)(clamped - (double)before)};
}

void facelite_face_at(const facelite_stream *stream, double seconds, float *face) {
    const facelite_model *model = stream->model;
    const moment at = find(stream, seconds);
    const float share = share_at(stream, seconds);
    const float *pose = facelite_stream_pose(stream);
    for (uint32_t c = 0; c < model->info.controls; c++) {
        const float clip = mix(value(model, &at.before, c), value(model, &at.after, c), at.share);
        face[c] = mix(pose[c], clip, share);
    }
}
