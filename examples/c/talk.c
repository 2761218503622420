/* A face driven from an audio callback. The audio thread owns the stream: it pushes what will be heard and sends off the
 * face of what is heard. The game thread shows the newest face and asks for speech, an interruption, a stop. Neither
 * waits for the other.
 *
 *     talk student.facelite speech.s16      speech: int16, mono, at the student's rate
 *
 * Prints the clip's curves, a frame a line. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "files.h"
#include "mailbox.h"

#define BLOCK 160 /* samples of an audio callback: 10 ms */
#define FADE 0.15 /* seconds in which a stopped face goes to rest */

enum request { NOTHING, SPEAK, STOP };

typedef struct voice {
    /* Set before the audio thread starts. */
    facelite_info info;
    const int16_t *clip;
    size_t clip_samples;
    double latency; /* seconds that the sound is delayed, so that it is heard with its face */
    float rest[MAILBOX_CONTROLS];
    /* The audio thread's. */
    facelite_stream *stream;
    void *scratch;
    int speaking;
    unsigned obeyed;
    size_t at;      /* next sample of the clip */
    uint64_t clock; /* samples since the clip or the fade began */
    float *curves;  /* all frames of the clip: for the print below, a game does not keep them */
    size_t frames, room;
    /* Between the threads. */
    atomic_int request, quit;
    mailbox faces;
} voice;

static void check(facelite_status status, const char *what) {
    if (status != FACELITE_OK) {
        fprintf(stderr, "talk: %s: %s\n", what, facelite_strerror(status));
        exit(2);
    }
}

/* What is heard now, in seconds of the stream's clock. A stopped face is about no sound, so nothing delays it. */
static double heard(const voice *v) {
    const double seconds = (double)v->clock / v->info.sample_rate;
    return v->speaking ? seconds - v->latency : seconds;
}

static void obey(voice *v) {
    const int request = atomic_exchange(&v->request, NOTHING);
    if (request == NOTHING) {
        return;
    }
    if (v->speaking) { /* a stop alone decays to neutral, a stop and new speech are an interruption without a jump */
        check(facelite_stream_stop(v->stream, heard(v), FADE), "stop");
    }
    v->speaking = request == SPEAK;
    v->at = v->frames = 0;
    v->clock = 0;
    v->obeyed++;
}

static void push(voice *v, size_t samples) {
    size_t written;
    float *next = v->curves + v->frames * v->info.controls;
    const int16_t *pcm = v->clip + v->at;
    check(facelite_stream_push_i16(v->stream, v->scratch, pcm, samples, next, v->room - v->frames, &written), "push");
    v->frames += written;
    v->at += samples;
}

static void flush(voice *v) {
    size_t written;
    float *next = v->curves + v->frames * v->info.controls;
    check(facelite_stream_flush(v->stream, v->scratch, next, v->room - v->frames, &written), "flush");
    v->frames += written;
}

/* What an audio engine calls for each block. */
static void audio_callback(voice *v) {
    obey(v);
    const size_t left = v->speaking ? v->clip_samples - v->at : 0;
    if (left > 0) {
        push(v, left < BLOCK ? left : BLOCK);
        if (left <= BLOCK) {
            flush(v);
        }
    }
    v->clock += BLOCK;
    letter *draft = mailbox_draft(&v->faces);
    draft->obeyed = v->obeyed;
    draft->seconds = heard(v);
    check(facelite_stream_sample(v->stream, draft->seconds, draft->face), "sample");
    mailbox_send(&v->faces);
}

static void sleep_until(struct timespec *next, double seconds) {
    next->tv_nsec += (long)(seconds * 1e9);
    next->tv_sec += next->tv_nsec / 1000000000;
    next->tv_nsec %= 1000000000;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, next, NULL);
}

static void *audio_thread(void *user) {
    voice *v = user;
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    while (!atomic_load(&v->quit)) {
        audio_callback(v);
        sleep_until(&next, (double)BLOCK / v->info.sample_rate);
    }
    return NULL;
}

/* Asks, and shows faces, 60 a second, until one is of a moment after `seconds` of what was asked for. `face` is the one
 * that is shown. Returns the largest step of a control between two frames of the game. */
static float ask(voice *v, enum request request, double seconds, float *face) {
    const letter *newest = mailbox_read(&v->faces);
    const unsigned wanted = newest->obeyed + 1;
    float step = 0;
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    atomic_store(&v->request, request);
    do {
        sleep_until(&next, 1.0 / 60);
        newest = mailbox_read(&v->faces);
        for (uint32_t i = 0; i < v->info.controls; i++) { /* here a game sets its morph targets */
            step = fmaxf(step, fabsf(newest->face[i] - face[i]));
            face[i] = newest->face[i];
        }
    } while (newest->obeyed != wanted || newest->seconds <= seconds);
    return step;
}

static void open_voice(voice *v, const char *student, const char *speech) {
    size_t bytes;
    const void *blob = read_file(student, &bytes);
    check(facelite_inspect(blob, bytes, &v->info), student);
    check(v->info.controls > MAILBOX_CONTROLS ? FACELITE_E_CAPACITY : FACELITE_OK, student);
    const facelite_model *model;
    check(facelite_model_init(take(v->info.model_bytes), v->info.model_bytes, blob, bytes, &model), student);
    check(facelite_stream_init(take(v->info.stream_bytes), v->info.stream_bytes, model, &v->stream), student);
    check(facelite_stream_sample(v->stream, 0, v->rest), student); /* before speech: the face that silence makes */
    facelite_latency sum;
    check(facelite_stream_latency(v->stream, &sum), student);
    v->latency = sum.lookahead + sum.smoothing + sum.hop + sum.resampler;
    v->scratch = take(v->info.scratch_bytes);
    v->clip = read_file(speech, &bytes);
    v->clip_samples = bytes / sizeof *v->clip;
    v->room = v->clip_samples / v->info.hop + 1;
    v->curves = take(v->room * v->info.controls * sizeof(float));
    mailbox_init(&v->faces);
}

static void print_curves(const voice *v) {
    for (size_t i = 0; i < v->frames * v->info.controls; i++) {
        printf("%.9g%c", v->curves[i], (i + 1) % v->info.controls ? ' ' : '\n');
    }
}

int main(int count, char **words) {
    static voice v;
    pthread_t audio;
    float face[MAILBOX_CONTROLS];
    if (count != 3) {
        fputs("usage: talk student.facelite speech.s16\n", stderr);
        return 2;
    }
    open_voice(&v, words[1], words[2]);
    memcpy(face, v.rest, sizeof face);
    if (pthread_create(&audio, NULL, audio_thread, &v) != 0) {
        return 2;
    }
    const double clip = (double)v.clip_samples / v.info.sample_rate;
    fprintf(stderr, "speech: largest step %.3f\n", ask(&v, SPEAK, clip, face));
    print_curves(&v); /* they are left alone until the next request */
    ask(&v, SPEAK, clip / 2, face);
    fprintf(stderr, "interruption: largest step %.3f\n", ask(&v, SPEAK, clip / 2, face));
    ask(&v, STOP, FADE, face);
    atomic_store(&v.quit, 1);
    pthread_join(audio, NULL);
    const int rests = memcmp(face, v.rest, v.info.controls * sizeof *face) == 0;
    fprintf(stderr, "stop: %s\n", rests ? "at rest" : "NOT at rest");
    return rests ? 0 : 1;
}
