/* A damaged blob returns an error; a blob with a right checksum and wrong fields returns an error or runs inside its
 * memory. Run under the address sanitizer the second half means what it says. */
#include <stdlib.h>

#include "bench/synthetic.h"
#include "check.h"
#include "facelite/facelite.h"
#include "src/blob.h"

static facelite_status inspect(const void *blob, size_t length) {
    facelite_info info;
    return facelite_inspect(blob, length, &info);
}

static void check_flips(const file *blob) {
    uint8_t *bytes = blob->bytes;
    for (size_t i = 0; i < blob->length; i++) {
        const uint8_t masks[2] = {(uint8_t)(1 << i % 8), 0xff};
        for (int m = 0; m < 2; m++) {
            bytes[i] ^= masks[m];
            CHECK(inspect(bytes, blob->length) != FACELITE_OK, "byte %zu xor %d", i, masks[m]);
            bytes[i] ^= masks[m];
        }
    }
}

static void check_truncations(const file *blob) {
    for (size_t length = 0; length < blob->length; length++) {
        uint8_t *part = aligned_zeroed(length);
        memcpy(part, blob->bytes, length);
        const facelite_status status = inspect(part, length);
        CHECK(status == (length < 8 ? FACELITE_E_MAGIC : FACELITE_E_TRUNCATED), "length %zu: %d", length, (int)status);
        aligned_free(part);
    }
    uint8_t *longer = aligned_zeroed(blob->length + 1);
    memcpy(longer, blob->bytes, blob->length);
    CHECK(inspect(longer, blob->length + 1) == FACELITE_E_TRUNCATED, "one byte more");
    aligned_free(longer);
}

static void seal(uint8_t *bytes, size_t length) {
    const size_t at = offsetof(facelite_header, crc32);
    const uint32_t crc = facelite_crc32(facelite_crc32(0, bytes, at), bytes + at + 4, length - at - 4);
    memcpy(bytes + at, &crc, sizeof crc);
}

static void check_named_statuses(const file *blob) {
    uint8_t *copy = aligned_zeroed(blob->length);
    memcpy(copy, blob->bytes, blob->length);
    copy[offsetof(facelite_header, version)] = 99;
    seal(copy, blob->length);
    CHECK(inspect(copy, blob->length) == FACELITE_E_VERSION, "version 99");
    memcpy(copy, blob->bytes, blob->length);
    copy[blob->length - 1] ^= 1;
    CHECK(inspect(copy, blob->length) == FACELITE_E_CHECKSUM, "a changed byte");
    copy[0] = 'f';
    CHECK(inspect(copy, blob->length) == FACELITE_E_MAGIC, "magic");
    CHECK(inspect(NULL, 0) == FACELITE_E_ARGUMENT, "null");
    CHECK(inspect(copy + 1, blob->length - 1) == FACELITE_E_MEMORY, "unaligned");
    aligned_free(copy);
}

/* Animates half a second with whatever the blob says; returns 1 if the loader took it. */
static int run(const uint8_t *bytes, size_t length) {
    static float pcm[8000], frames[1 << 16];
    facelite_info info;
    const facelite_model *model;
    facelite_stream *stream;
    size_t written = 0;
    if (facelite_inspect(bytes, length, &info) != FACELITE_OK) {
        return 0;
    }
    void *memory = aligned_zeroed(info.model_bytes), *character = aligned_zeroed(info.stream_bytes);
    void *scratch = aligned_zeroed(info.scratch_bytes);
    CHECK(facelite_model_init(memory, info.model_bytes, bytes, length, &model) == FACELITE_OK, "inspected but not made");
    CHECK(facelite_stream_init(character, info.stream_bytes, model, &stream) == FACELITE_OK, "made but not streamed");
    for (size_t i = 0; i < 8000; i++) {
        pcm[i] = (i / 37) % 2 ? 1.0f : -1.0f;
    }
    const size_t room = sizeof frames / sizeof frames[0] / info.controls;
    const facelite_status status = facelite_stream_push_f32(stream, scratch, pcm, 8000, frames, room, &written);
    CHECK(status == FACELITE_OK || status == FACELITE_E_CAPACITY, "%d", (int)status);
    aligned_free(scratch);
    aligned_free(character);
    aligned_free(memory);
    return 1;
}

/* Fields at random, checksum put right. Half of the changes hit header and records, where the offsets are. */
static void check_resealed(const file *blob) {
    random_source random = {11};
    uint8_t *copy = aligned_zeroed(blob->length);
    static const uint32_t values[] = {0, 1, 2, 3, 4, 63, 64, 127, 128, 255, 65535, 0x7fffffffu, 0x80000000u, 0xffffffffu};
    const size_t tables = offsetof(facelite_header, sample_rate);
    int accepted = 0;
    for (int trial = 0; trial < 8000; trial++) {
        memcpy(copy, blob->bytes, blob->length);
        const int changes = random_between(&random, 1, 3);
        for (int c = 0; c < changes; c++) {
            const size_t end = random_u32(&random) % 2 ? 1536 : blob->length;
            const size_t at = (tables + random_u32(&random) % (end - tables - 4)) / 4 * 4;
            uint32_t value = values[random_u32(&random) % (sizeof values / sizeof values[0])];
            if (random_u32(&random) % 3 == 0) {
                memcpy(&value, copy + at, 4);
                value += (uint32_t)random_between(&random, -64, 64);
            }
            memcpy(copy + at, &value, 4);
        }
        seal(copy, blob->length);
        accepted += run(copy, blob->length);
    }
    CHECK(accepted > 0 && accepted < 8000, "%d accepted: the changes must test both answers", accepted);
    aligned_free(copy);
}

/* The first operator of `kind` for which `suits`. */
static uint32_t find(const facelite_blob *open, uint32_t kind, int (*suits)(const facelite_blob *, uint32_t)) {
    for (uint32_t i = 0; i < open->header.ops; i++) {
        if (facelite_blob_op(open, i).kind == kind && suits(open, i)) {
            return i;
        }
    }
    CHECK(0, "the fixture has no such operator");
    return 0;
}

static uint32_t inputs_of(const facelite_blob *open, uint32_t index) {
    const facelite_op_record op = facelite_blob_op(open, index);
    return op.kernel * facelite_blob_tensor(open, op.input).channels;
}

static int is_padded(const facelite_blob *open, uint32_t index) {
    return inputs_of(open, index) % 4 != 0;
}

static int is_any(const facelite_blob *open, uint32_t index) {
    return index < open->header.ops;
}

/* What a blob may say in every field by itself, and not together. */
static void check_promises(const file *blob) {
    uint8_t *copy = aligned_zeroed(blob->length);
    memcpy(copy, blob->bytes, blob->length);
    facelite_blob open;
    CHECK(facelite_blob_open(&open, copy, blob->length) == FACELITE_OK, "fixture");

    const uint32_t conv = find(&open, FACELITE_CONV, is_padded), channels = facelite_blob_tensor(&open, conv + 1).channels;
    const uint32_t width = channels < FACELITE_BLOCK ? (channels + 3) / 4 * 4 : FACELITE_BLOCK;
    uint8_t *padding = copy + facelite_blob_op(&open, conv).weights_offset + inputs_of(&open, conv) / 4 * width * 4 + 3;
    int32_t *bias = (int32_t *)(void *)(copy + facelite_blob_op(&open, conv).bias_u8_offset);
    CHECK(*padding == 0, "the row's padding");
    *padding = 1;
    *bias -= 128; /* as it must be if the weight counts */
    seal(copy, blob->length);
    CHECK(inspect(copy, blob->length) == FACELITE_E_CORRUPT, "a weight where a row is padded");
    *padding = 0;
    *bias += 128;

    const uint32_t mean = find(&open, FACELITE_MEAN, is_any);
    facelite_op_record *record = (facelite_op_record *)(void *)(copy + open.header.ops_offset) + mean;
    for (int32_t shift = 0; shift <= 30; shift++) {
        record->multiplier[0] = INT32_MAX;
        record->shift[0] = shift;
        seal(copy, blob->length);
        const int fits = (int64_t)record->kernel * 255 << shift <= INT32_MAX - 255;
        CHECK((inspect(copy, blob->length) == FACELITE_OK) == fits, "a mean of %u shifted by %d", record->kernel, shift);
        CHECK(!fits || run(copy, blob->length), "it runs");
    }
    aligned_free(copy);
}

int main(void) {
    const file blob = read_data("zoo.facelite");
    CHECK(run(blob.bytes, blob.length), "the fixture itself");
    check_flips(&blob);
    check_truncations(&blob);
    check_named_statuses(&blob);
    check_promises(&blob);
    check_resealed(&blob);
    aligned_free(blob.bytes);
    return finish("blob");
}
