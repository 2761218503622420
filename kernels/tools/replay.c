/* facelite_replay [--isa NAME] [--rate HZ] [--piece SAMPLES] [--repeat N] STUDENT INPUT OUTPUT
 *
 * Runs a student over a recording on this CPU and writes what it said, to be compared bit for bit with what another CPU
 * or the Python package says. All files are raw and little-endian; the suffix of INPUT says what it holds:
 *   .f32, .s16  samples, heard as a game's stream hears them: OUTPUT is float32 [frames][controls]
 *   .s8         input codes, whole hops of them, past all float arithmetic: OUTPUT is int8 [hops][controls]
 * --rate: of the samples, if not the student's own; --piece: samples a push, instead of a hop; --repeat: plays the
 * recording N times and writes the last.
 * Prints one line of JSON. Exit status: 0, or 2 with a line that says what is wrong. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facelite/facelite.h"
#include "facelite/facelite_debug.h"

_Static_assert(sizeof(float) == 4, "frames are float32");

/* Bytes aligned to FACELITE_ALIGNMENT; aligned_alloc is missing on Windows. */
typedef struct block {
    void *base, *bytes;
    size_t length;
} block;

typedef struct options {
    const char *isa, *student, *input, *output;
    size_t rate, piece, repeat;
} options;

typedef struct player {
    facelite_info info;
    const facelite_model *model;
    facelite_stream *stream;
    block blob, memory, character, scratch;
} player;

static void fail(const char *what, const char *problem) {
    fprintf(stderr, "facelite_replay: %s: %s\n", what, problem);
    exit(2);
}

static void check(facelite_status status, const char *what) {
    if (status != FACELITE_OK) {
        fail(what, facelite_strerror(status));
    }
}

static block make_block(size_t length) {
    block made = {malloc(length + FACELITE_ALIGNMENT), NULL, length};
    if (made.base == NULL) {
        fail("memory", "there is not enough");
    }
    made.bytes = (char *)made.base + (FACELITE_ALIGNMENT - (uintptr_t)made.base % FACELITE_ALIGNMENT);
    return made;
}

static block read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        fail(path, "cannot be opened");
    }
    const long length = ftell(file);
    if (length < 0) {
        fail(path, "cannot be measured");
    }
    rewind(file);
    block found = make_block((size_t)length);
    if (fread(found.bytes, 1, found.length, file) != found.length) {
        fail(path, "cannot be read");
    }
    fclose(file);
    return found;
}

static void write_file(const char *path, const void *bytes, size_t length) {
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) {
        fail(path, "cannot be written");
    }
}

static player open_player(const char *path, size_t rate) {
    player p = {.blob = read_file(path)};
    check(facelite_inspect(p.blob.bytes, p.blob.length, &p.info), path);
    p.memory = make_block(p.info.model_bytes);
    p.scratch = make_block(p.info.scratch_bytes);
    check(facelite_model_init(p.memory.bytes, p.memory.length, p.blob.bytes, p.blob.length, &p.model), path);
    const uint32_t hz = rate ? (uint32_t)rate : p.info.sample_rate;
    p.character = make_block(facelite_stream_bytes(p.model, hz));
    if (p.character.length == 0) {
        fail("--rate", "the student cannot hear it");
    }
    check(facelite_stream_init(p.character.bytes, p.character.length, p.model, &p.stream), path);
    check(facelite_stream_set_rate(p.stream, hz), "--rate");
    return p;
}

static void close_player(player *p) {
    free(p->scratch.base);
    free(p->character.base);
    free(p->memory.base);
    free(p->blob.base);
}

/* Pushes the whole recording and flushes; returns the frames. */
static size_t play(player *p, const block *pcm, int is_float, size_t piece, float *frames, size_t room) {
    const size_t width = is_float ? sizeof(float) : sizeof(int16_t), samples = pcm->length / width;
    size_t total = 0, written = 0;
    for (size_t at = 0; at < samples; at += piece) {
        const size_t now = samples - at < piece ? samples - at : piece;
        const void *first = (const char *)pcm->bytes + at * width;
        float *next = frames + total * p->info.controls;
        check(is_float ? facelite_stream_push_f32(p->stream, p->scratch.bytes, first, now, next, room - total, &written)
                       : facelite_stream_push_i16(p->stream, p->scratch.bytes, first, now, next, room - total,
                                                  &written),
              "push");
        total += written;
    }
    check(facelite_stream_flush(p->stream, p->scratch.bytes, frames + total * p->info.controls, room - total, &written),
          "flush");
    return total + written;
}

static size_t replay_samples(player *p, const options *wanted, const block *pcm, int is_float) {
    const size_t samples = pcm->length / (is_float ? sizeof(float) : sizeof(int16_t));
    const size_t room = samples * p->info.sample_rate / (wanted->rate ? wanted->rate : p->info.sample_rate) /
                        p->info.hop + 2;
    block frames = make_block(room * p->info.controls * sizeof(float));
    size_t count = 0;
    for (size_t i = 0; i < wanted->repeat; i++) {
        count = play(p, pcm, is_float, wanted->piece ? wanted->piece : p->info.hop, frames.bytes, room);
    }
    write_file(wanted->output, frames.bytes, count * p->info.controls * sizeof(float));
    free(frames.base);
    return count;
}

static size_t replay_codes(player *p, const options *wanted, const block *codes) {
    const size_t hops = codes->length / p->info.hop;
    block out = make_block(hops * p->info.controls);
    for (size_t i = 0; i < wanted->repeat; i++) {
        check(facelite_stream_reset(p->stream), "reset");
        for (size_t hop = 0; hop < hops; hop++) {
            check(facelite_debug_hop(p->stream, p->scratch.bytes, (const int8_t *)codes->bytes + hop * p->info.hop,
                                     (int8_t *)out.bytes + hop * p->info.controls, NULL, NULL), "hop");
        }
    }
    write_file(wanted->output, out.bytes, hops * p->info.controls);
    free(out.base);
    return hops;
}

static size_t positive(const char *option, const char *text) {
    char *end = NULL;
    const long value = strtol(text, &end, 10);
    if (value < 1 || value > INT32_MAX || *end != '\0') {
        fail(option, "wants a whole number above 0");
    }
    return (size_t)value;
}

static options parse(int argc, char **argv) {
    options wanted = {.repeat = 1};
    int i = 1;
    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        if (strcmp(argv[i], "--isa") == 0) {
            wanted.isa = argv[i + 1];
        } else if (strcmp(argv[i], "--rate") == 0) {
            wanted.rate = positive(argv[i], argv[i + 1]);
        } else if (strcmp(argv[i], "--piece") == 0) {
            wanted.piece = positive(argv[i], argv[i + 1]);
        } else if (strcmp(argv[i], "--repeat") == 0) {
            wanted.repeat = positive(argv[i], argv[i + 1]);
        } else {
            fail(argv[i], "is no option; there are --isa, --rate, --piece and --repeat");
        }
    }
    if (argc - i != 3) {
        fail("usage", "facelite_replay [--isa NAME] [--rate HZ] [--piece SAMPLES] [--repeat N] STUDENT INPUT OUTPUT");
    }
    wanted.student = argv[i];
    wanted.input = argv[i + 1];
    wanted.output = argv[i + 2];
    return wanted;
}

int main(int argc, char **argv) {
    const options wanted = parse(argc, argv);
    if (wanted.isa) {
        check(facelite_isa_force(wanted.isa), wanted.isa);
    }
    const char *dot = strrchr(wanted.input, '.');
    const char *suffix = dot ? dot : "";
    const int is_float = strcmp(suffix, ".f32") == 0;
    if (!is_float && strcmp(suffix, ".s16") != 0 && strcmp(suffix, ".s8") != 0) {
        fail(wanted.input, "ends in none of .f32, .s16 and .s8");
    }
    player p = open_player(wanted.student, wanted.rate);
    block input = read_file(wanted.input);
    const size_t frames =
        strcmp(suffix, ".s8") == 0 ? replay_codes(&p, &wanted, &input) : replay_samples(&p, &wanted, &input, is_float);
    printf("{\"isa\": \"%s\", \"frames\": %zu, \"controls\": %" PRIu32 ", \"macs_per_hop\": %" PRIu64 "}\n",
           facelite_model_isa(p.model), frames, p.info.controls, p.info.macs_per_hop);
    free(input.base);
    close_player(&p);
    return 0;
}
