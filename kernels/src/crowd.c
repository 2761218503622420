/* Many characters of one model, hop by hop. */
#include "engine.h"
#include "stream.h"

/* Characters that share a pass over the weights. Tiers keep the sums of about as many rows in registers, and the
 * scratch of so many stays in the nearer caches. */
enum { TOGETHER = 8 };

size_t facelite_streams_scratch_bytes(const facelite_model *model, size_t count) {
    return model ? facelite_engine_crowd_bytes(model, count < TOGETHER ? count : TOGETHER) : 0;
}

/* What one character hears and says in a step. */
typedef struct member {
    facelite_stream *stream;
    facelite_pcm pcm;
    float *frames;
    size_t count;
} member;

/* Hops until every member has heard its samples. In each round all whose hop is full run together. */
static void step_group(const facelite_model *model, member *members, size_t count, uint8_t *scratch) {
    for (;;) {
        member *ready[TOGETHER];
        uint8_t *states[TOGETHER];
        const uint8_t *frames[TOGETHER];
        size_t full = 0;
        for (size_t i = 0; i < count; i++) {
            if (facelite_stream_fill(members[i].stream, &members[i].pcm)) {
                states[full] = facelite_stream_state(members[i].stream);
                ready[full++] = &members[i];
            }
        }
        if (full == 0) {
            return;
        }
        facelite_engine_hops(model, states, full, scratch, frames);
        for (size_t i = 0; i < full; i++) {
            member *one = ready[i];
            one->count += facelite_stream_advance(one->stream, frames[i],
                                                  one->frames + one->count * model->info.controls);
        }
    }
}

/* What a step was asked for; one of the two kinds of PCM. */
typedef struct request {
    facelite_stream *const *streams;
    size_t count;
    void *scratch;
    const float *const *f32;
    const int16_t *const *i16;
    size_t samples;
    float *const *frames;
    size_t capacity;
    size_t *written;
} request;

static facelite_pcm pcm_of(const request *asked, size_t i) {
    return (facelite_pcm){asked->f32 ? asked->f32[i] : NULL, asked->i16 ? asked->i16[i] : NULL, asked->samples};
}

static facelite_status check_member(const request *asked, size_t i) {
    facelite_stream *stream = asked->streams[i];
    if (stream == NULL || stream->named || stream->model != asked->streams[0]->model) {
        return FACELITE_E_ARGUMENT;
    }
    stream->named = 1;
    const facelite_pcm pcm = pcm_of(asked, i);
    const size_t wanted = facelite_stream_frames_for(stream, asked->samples);
    if ((pcm.left > 0 && pcm.f32 == NULL && pcm.i16 == NULL) || (wanted > 0 && asked->frames[i] == NULL)) {
        return FACELITE_E_ARGUMENT;
    }
    return wanted > asked->capacity ? FACELITE_E_CAPACITY : FACELITE_OK;
}

static facelite_status check(const request *asked) {
    if (asked->streams == NULL || asked->scratch == NULL || (asked->f32 == NULL && asked->i16 == NULL) ||
        asked->frames == NULL || asked->written == NULL) {
        return FACELITE_E_ARGUMENT;
    }
    if ((uintptr_t)asked->scratch % FACELITE_ALIGNMENT != 0) {
        return FACELITE_E_MEMORY;
    }
    facelite_status status = FACELITE_OK;
    size_t named = 0;
    for (; named < asked->count && status == FACELITE_OK; named++) {
        status = check_member(asked, named);
    }
    for (size_t i = 0; i < named; i++) {
        if (asked->streams[i]) {
            asked->streams[i]->named = 0;
        }
    }
    return status;
}

/* Nothing changes unless all of it can be done. */
static facelite_status step(const request *asked) {
    const facelite_status status = check(asked);
    for (size_t first = 0; first < asked->count && status == FACELITE_OK; first += TOGETHER) {
        const size_t left = asked->count - first, group = left < TOGETHER ? left : TOGETHER;
        member members[TOGETHER];
        for (size_t i = 0; i < group; i++) {
            members[i] = (member){asked->streams[first + i], pcm_of(asked, first + i), asked->frames[first + i], 0};
        }
        step_group(asked->streams[first]->model, members, group, asked->scratch);
        for (size_t i = 0; i < group; i++) {
            asked->written[first + i] = members[i].count;
        }
    }
    return status;
}

facelite_status facelite_streams_step_f32(facelite_stream *const *streams, size_t count, void *scratch,
                                          const float *const *pcm, size_t samples, float *const *frames,
                                          size_t frame_capacity, size_t *written) {
    return step(&(request){streams, count, scratch, pcm, NULL, samples, frames, frame_capacity, written});
}

facelite_status facelite_streams_step_i16(facelite_stream *const *streams, size_t count, void *scratch,
                                          const int16_t *const *pcm, size_t samples, float *const *frames,
                                          size_t frame_capacity, size_t *written) {
    return step(&(request){streams, count, scratch, NULL, pcm, samples, frames, frame_capacity, written});
}
