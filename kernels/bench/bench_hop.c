#include <stdio.h>
#include <stdlib.h>

#include "../src/model.h"
#include "bench.h"
#include "facelite/facelite_debug.h"
#include "peak.h"
#include "synthetic.h"
#include "timing.h"

enum { HOPS = 4000, CROWD = 64 };

/* A student and its characters, ready to run on one tier. */
typedef struct student {
    facelite_info info;
    const facelite_model *model;
    facelite_stream *streams[CROWD];
    void *memory, *scratch, *stream_memory;
    float *pcm, *frames;
} student;

static void demand(facelite_status status) {
    if (status != FACELITE_OK) {
        fprintf(stderr, "%s\n", facelite_strerror(status));
        exit(2);
    }
}

static void open_student(student *one, const void *blob, size_t blob_bytes) {
    demand(facelite_inspect(blob, blob_bytes, &one->info));
    one->memory = aligned_zeroed(one->info.model_bytes);
    demand(facelite_model_init(one->memory, one->info.model_bytes, blob, blob_bytes, &one->model));
    one->stream_memory = aligned_zeroed(CROWD * one->info.stream_bytes);
    for (size_t i = 0; i < CROWD; i++) {
        uint8_t *memory = (uint8_t *)one->stream_memory + i * one->info.stream_bytes;
        demand(facelite_stream_init(memory, one->info.stream_bytes, one->model, &one->streams[i]));
    }
    const size_t alone = one->info.scratch_bytes, together = facelite_streams_scratch_bytes(one->model, CROWD);
    one->scratch = aligned_zeroed(alone > together ? alone : together);
    one->frames = aligned_zeroed(CROWD * one->info.controls * sizeof(float));
    one->pcm = aligned_zeroed(CROWD * one->info.hop * sizeof(float));
    random_source random = {11};
    for (size_t i = 0; i < CROWD * (size_t)one->info.hop; i++) {
        one->pcm[i] = (float)random_between(&random, -8000, 8000) / 32768.0f;
    }
}

static void close_student(student *one) {
    aligned_free(one->pcm);
    aligned_free(one->frames);
    aligned_free(one->scratch);
    aligned_free(one->stream_memory);
    aligned_free(one->memory);
}

/* The fastest that each operator has been, in ticks. */
typedef struct watch {
    double *best;
    uint64_t last;
} watch;

static void observe(void *user, uint32_t op, const uint8_t *biased, uint32_t frames, uint32_t channels) {
    (void)biased, (void)frames, (void)channels;
    watch *of = user;
    const double taken = (double)(ticks() - of->last);
    of->best[op] = taken < of->best[op] ? taken : of->best[op];
    of->last = ticks();
}

static void watch_ops(student *one, double *best) {
    int8_t *codes = aligned_zeroed(one->info.hop), *out = aligned_zeroed(one->info.controls);
    demand(facelite_debug_codes_f32(one->model, one->pcm, one->info.hop, codes));
    for (uint32_t i = 0; i < one->info.ops; i++) {
        best[i] = 1e30;
    }
    for (int hop = 0; hop < HOPS; hop++) {
        watch of = {best, ticks()};
        demand(facelite_debug_hop(one->streams[0], one->scratch, codes, out, observe, &of));
    }
    aligned_free(codes);
    aligned_free(out);
}

static void run_hop(void *argument) {
    student *one = argument;
    size_t written;
    demand(facelite_stream_push_f32(one->streams[0], one->scratch, one->pcm, one->info.hop, one->frames, 1, &written));
}

static void run_crowd(void *argument) {
    student *one = argument;
    const float *pcm[CROWD];
    float *frames[CROWD];
    size_t written[CROWD];
    for (size_t i = 0; i < CROWD; i++) {
        pcm[i] = one->pcm + i * one->info.hop;
        frames[i] = one->frames + i * one->info.controls;
    }
    facelite_stream *const *streams = (facelite_stream *const *)one->streams;
    demand(facelite_streams_step_f32(streams, CROWD, one->scratch, pcm, one->info.hop, frames, 1, written));
}

/* MACs of an operator in one hop. */
static double macs_of(const facelite_op_plan *op, const facelite_blob *blob, uint32_t index) {
    if (op->kind != FACELITE_CONV) {
        return 0.0;
    }
    const facelite_op_record record = facelite_blob_op(blob, index);
    return (double)record.kernel * facelite_blob_tensor(blob, record.input).channels * op->u.conv.channels * op->count;
}

static void name_op(char *name, size_t room, const facelite_op_plan *op, uint32_t index) {
    static const char *const kinds[] = {"", "conv", "add", "mean", "map"};
    if (op->kind == FACELITE_CONV) {
        snprintf(name, room, "%u conv %ux%u, %u row%s%s", index, op->u.conv.quads * 4, op->u.conv.channels, op->count,
                 op->count > 1 ? "s" : "", op->u.conv.pair_safe ? " safe" : "");
    } else {
        snprintf(name, room, "%u %s %u", index, kinds[op->kind], (unsigned)op->values);
    }
}

void bench_hop(report *to, const char *tier, const void *blob, size_t blob_bytes) {
    student one = {0};
    demand(facelite_isa_force(tier));
    open_student(&one, blob, blob_bytes);
    const double cycle = ticks_per_cycle(), ns = ns_per_tick(), overhead = ticks_overhead();
    const double resident = peak_resident(tier), streamed = peak_stream(tier, one.info.weight_bytes);
    double *best = aligned_zeroed(one.info.ops * sizeof *best);
    double roofline = 0.0;
    watch_ops(&one, best);
    for (uint32_t i = 0; i < one.info.ops; i++) {
        const facelite_op_plan *op = &one.model->plan[i];
        const double taken = best[i] - overhead, macs = macs_of(op, &one.model->blob, i);
        const double peak = op->count > 1 ? resident : streamed;
        measurement found = {taken * ns, taken / cycle, macs, peak > 0.0 ? macs / peak : 0.0};
        roofline += found.roofline;
        char name[64];
        name_op(name, sizeof name, op, i);
        report_line(to, tier, name, found);
    }
    const double hop = fastest_ticks(run_hop, &one), crowd = fastest_ticks(run_crowd, &one) / CROWD;
    const double macs = (double)one.info.macs_per_hop;
    report_line(to, tier, "whole hop", (measurement){hop * ns, hop / cycle, macs, roofline});
    const double together = resident > 0.0 ? macs / resident : 0.0; /* weights read once for many */
    report_line(to, tier, "one of 64 characters", (measurement){crowd * ns, crowd / cycle, macs, together});
    aligned_free(best);
    close_student(&one);
}
