/* A stream under any sequence of calls: pushes of float and int16 of any size and bits, alone or in a crowd, at every
 * sample rate, flushes, resets, stops, and looks at the face. Counts are foretold and buffers exact; a face is a number
 * between the ends that codes can name; and the frames of a clip are those of a second stream that hears all of it in
 * one push of floats. */
#include <math.h>
#include <string.h>

#include "bench/synthetic.h"
#include "facelite/facelite_debug.h"
#include "network.h"

enum { MOST_SAMPLES = 4000, MOST_PUSH = 700, CROWD = 3, MOST_COMMANDS = 60 };

typedef struct session {
    opened o;
    float low, high; /* what a control can be */
    facelite_stream *stream, *twin, *others[CROWD - 1];
    void *crowd_scratch;
    uint32_t hz;
    int smoothing, faded; /* faded: a stop was asked for since the last reset */
    float heard[MOST_SAMPLES];
    size_t samples;
    float *said; /* frames since the clip began */
    size_t frames, room;
} session;

static void check_face(const session *s, const float *face) {
    for (uint32_t c = 0; c < s->o.info.controls; c++) {
        REQUIRE(face[c] >= s->low && face[c] <= s->high);
    }
}

/* Appends frames to what was said. */
static void say(session *s, const float *frames, size_t count) {
    const size_t controls = s->o.info.controls;
    REQUIRE(s->frames + count <= s->room);
    for (size_t i = 0; i < count; i++) {
        check_face(s, frames + i * controls);
    }
    memcpy(s->said + s->frames * controls, frames, count * controls * sizeof *frames);
    s->frames += count;
}

static void forget(session *s) {
    s->samples = 0;
    s->frames = 0;
}

/* The newest frame is the face from its own time on. */
static void check_newest(const session *s) {
    const size_t controls = s->o.info.controls;
    float *face = exact_new(controls * sizeof *face);
    REQUIRE(facelite_stream_sample(s->stream, INFINITY, face) == FACELITE_OK);
    check_face(s, face);
    if (s->frames > 0 && !s->faded) {
        REQUIRE(memcmp(face, s->said + (s->frames - 1) * controls, controls * sizeof *face) == 0);
    }
    exact_free(face);
}

/* Samples as floats: raw bits, or noise that a cheaper draw makes. */
static void draw_floats(draw *from, float *pcm, size_t samples) {
    random_source random = {draw_bits(from, 2) | UINT64_C(1) << 40};
    const int raw = draw_bits(from, 1) % 4 == 0;
    for (size_t i = 0; i < samples; i++) {
        const uint32_t bits = raw && from->left > 4 ? draw_bits(from, 4) : random_u32(&random);
        memcpy(&pcm[i], &bits, sizeof bits);
        if (!raw) {
            pcm[i] = (float)(int32_t)bits * (1.0f / 2147483648.0f);
        }
    }
}

/* A push of `samples` to the stream alone: the last ones heard, as floats or, if they are, as int16. */
static size_t push_alone(session *s, const float *pcm, size_t samples, int narrow, float *frames, size_t room) {
    size_t written = 0;
    if (!narrow) {
        REQUIRE(facelite_stream_push_f32(s->stream, s->o.scratch, pcm, samples, frames, room, &written) == FACELITE_OK);
        return written;
    }
    int16_t *exact = exact_new(samples * sizeof *exact);
    for (size_t i = 0; i < samples; i++) {
        exact[i] = (int16_t)(pcm[i] * 32768.0f);
    }
    REQUIRE(facelite_stream_push_i16(s->stream, s->o.scratch, exact, samples, frames, room, &written) == FACELITE_OK);
    exact_free(exact);
    return written;
}

/* The same to a crowd whose members stand elsewhere in their hops; the others' frames are only bounded. */
static size_t push_together(session *s, const float *pcm, size_t samples, float *frames, size_t room) {
    facelite_stream *streams[CROWD] = {s->stream, s->others[0], s->others[1]};
    const float *heard[CROWD] = {pcm, pcm, pcm};
    float *said[CROWD] = {frames, NULL, NULL};
    size_t written[CROWD] = {0}, most = room;
    for (int i = 1; i < CROWD; i++) {
        const size_t wanted = facelite_stream_frames_for(streams[i], samples);
        most = wanted > most ? wanted : most;
        said[i] = exact_new(wanted * s->o.info.controls * sizeof(float));
    }
    REQUIRE(facelite_streams_step_f32(streams, CROWD, s->crowd_scratch, heard, samples, said, most, written) ==
            FACELITE_OK);
    for (int i = 1; i < CROWD; i++) {
        exact_free(said[i]);
    }
    return written[0];
}

static void push(session *s, draw *from, uint32_t kind) {
    const size_t wanted = draw_between(from, 0, MOST_PUSH), left = MOST_SAMPLES - s->samples;
    const size_t samples = wanted < left ? wanted : left;
    float *pcm = exact_new(samples * sizeof *pcm);
    draw_floats(from, pcm, samples);
    const int narrow = kind == 1;
    for (size_t i = 0; narrow && i < samples; i++) {
        pcm[i] = (float)(int16_t)draw_bits(from, from->left > 2 ? 2 : 0) * (1.0f / 32768.0f);
    }
    memcpy(s->heard + s->samples, pcm, samples * sizeof *pcm);
    s->samples += samples;
    const size_t foretold = facelite_stream_frames_for(s->stream, samples);
    float *frames = exact_new(foretold * s->o.info.controls * sizeof *frames);
    const size_t written = kind == 2 ? push_together(s, pcm, samples, frames, foretold)
                                     : push_alone(s, pcm, samples, narrow, frames, foretold);
    REQUIRE(written == foretold);
    if (samples > 0 || s->frames > 0) {
        say(s, frames, written);
    }
    exact_free(frames);
    exact_free(pcm);
}

/* The clip once more, in one push, from a stream that knows nothing else. */
static void check_twin(session *s) {
    const size_t ready = facelite_stream_frames_for(s->twin, s->samples), controls = s->o.info.controls;
    float *frames = exact_new(s->frames * controls * sizeof *frames);
    size_t first = 0, rest = 0;
    REQUIRE(ready <= s->frames);
    REQUIRE(facelite_stream_push_f32(s->twin, s->o.scratch, s->heard, s->samples, frames, ready, &first) == FACELITE_OK);
    REQUIRE(facelite_stream_flush(s->twin, s->o.scratch, frames + first * controls, s->frames - first, &rest) ==
            FACELITE_OK);
    REQUIRE(first + rest == s->frames);
    REQUIRE(s->faded || memcmp(frames, s->said, s->frames * controls * sizeof *frames) == 0);
    exact_free(frames);
}

static void flush(session *s) {
    const size_t pending = facelite_stream_frames_pending(s->stream);
    float *frames = exact_new(pending * s->o.info.controls * sizeof *frames);
    size_t written = 0;
    REQUIRE(facelite_stream_flush(s->stream, s->o.scratch, frames, pending, &written) == FACELITE_OK);
    REQUIRE(written == pending);
    say(s, frames, written);
    const uint64_t ticks = (uint64_t)s->samples * s->o.info.sample_rate, frame = (uint64_t)s->hz * s->o.info.hop;
    REQUIRE(s->frames == (ticks + frame - 1) / frame);
    check_newest(s);
    check_twin(s);
    s->faded = s->faded && s->samples == 0; /* the next clip starts without a fade, if there was one before it */
    forget(s);
    exact_free(frames);
}

static void stop(session *s, draw *from) {
    const double at = (double)draw_bits(from, 2) / 4096.0, fade = (double)draw_bits(from, 2) / 8192.0;
    REQUIRE(facelite_stream_stop(s->stream, at, fade) == FACELITE_OK);
    REQUIRE(facelite_stream_stop(s->stream, at, NAN) == FACELITE_E_ARGUMENT);
    forget(s);
    s->faded = 1;
}

static void look(const session *s, draw *from) {
    float *face = exact_new(s->o.info.controls * sizeof *face);
    const uint32_t high = draw_bits(from, 4), low = draw_bits(from, 4);
    const uint64_t bits = (uint64_t)high << 32 | low;
    double seconds;
    memcpy(&seconds, &bits, sizeof seconds);
    const facelite_status status = facelite_stream_sample(s->stream, seconds, face);
    REQUIRE(status == (seconds != seconds ? FACELITE_E_ARGUMENT : FACELITE_OK));
    if (status == FACELITE_OK) {
        check_face(s, face);
    }
    exact_free(face);
}

static void restart(session *s) {
    forget(s);
    s->faded = 0;
    REQUIRE(facelite_stream_set_smoothing(s->stream, s->smoothing) == FACELITE_OK);
    REQUIRE(facelite_stream_set_smoothing(s->twin, s->smoothing) == FACELITE_OK);
}

static void command(session *s, draw *from) {
    const uint32_t kind = draw_between(from, 0, 9);
    switch (kind) {
    case 6: flush(s); break;
    case 7: stop(s, from); break;
    case 8: look(s, from); break;
    case 9:
        s->smoothing = (int)draw_between(from, 0, 1);
        restart(s);
        break;
    default: push(s, from, kind % 3); break;
    }
    if (kind >= 6) {
        check_newest(s);
    }
}

static void open_session(session *s, draw *from, const network *net) {
    static const uint32_t rates[8] = {16000, 8000, 11025, 22050, 24000, 32000, 44100, 48000};
    float scale;
    int32_t zero_point;
    s->o = open_model(net->bytes, net->length);
    s->hz = rates[draw_between(from, 0, 7)];
    s->smoothing = (int)s->o.info.smoothing;
    s->stream = open_stream(&s->o, s->hz);
    s->twin = open_stream(&s->o, s->hz);
    s->others[0] = open_stream(&s->o, 16000);
    s->others[1] = open_stream(&s->o, 44100);
    s->crowd_scratch = scratch_new(facelite_streams_scratch_bytes(s->o.model, CROWD));
    s->room = 2 * (size_t)MOST_SAMPLES / s->o.info.hop + 2;
    s->said = exact_new(s->room * s->o.info.controls * sizeof(float));
    REQUIRE(facelite_debug_output(s->o.model, &scale, &zero_point) == FACELITE_OK);
    /* A mean of three and a mix of two round; a pose of zeros is what a stop before any face leaves from. */
    s->low = fminf(0.0f, (float)(-128 - zero_point) * scale) * 1.00001f;
    s->high = fmaxf(0.0f, (float)(127 - zero_point) * scale) * 1.00001f;
}

static void close_session(session *s) {
    exact_free(s->stream);
    exact_free(s->twin);
    exact_free(s->others[0]);
    exact_free(s->others[1]);
    exact_free(s->crowd_scratch);
    exact_free(s->said);
    close_model(&s->o);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    static session s;
    draw from = {bytes, length};
    network net = network_draw(&from);
    facelite_info info;
    REQUIRE(facelite_inspect(net.bytes, net.length, &info) == FACELITE_OK);
    if (is_affordable(&info)) {
        memset(&s, 0, sizeof s);
        open_session(&s, &from, &net);
        for (int i = 0; i < MOST_COMMANDS && from.left > 0; i++) {
            command(&s, &from);
        }
        flush(&s);
        close_session(&s);
    }
    exact_free(net.bytes);
    return 0;
}
