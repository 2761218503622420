#include "blob.h"

#include <string.h>

#include "compander.h"

_Static_assert(sizeof(facelite_header) == FACELITE_HEADER_BYTES, "header record");
_Static_assert(sizeof(facelite_tensor_record) == FACELITE_TENSOR_BYTES, "tensor record");
_Static_assert(sizeof(facelite_op_record) == FACELITE_OP_BYTES, "operator record");
_Static_assert(sizeof(double) == 8 && sizeof(float) == 4, "IEEE 754 numbers");

#define BYTE_ORDER_TAG 0x01020304u
/* Room for a zero point above a requantised sum. */
#define LARGEST_SUM (INT32_MAX - 255)
#define CRC_OFFSET offsetof(facelite_header, crc32)

facelite_tensor_record facelite_blob_tensor(const facelite_blob *blob, uint32_t index) {
    facelite_tensor_record record;
    memcpy(&record, blob->bytes + blob->header.tensors_offset + (size_t)index * sizeof record, sizeof record);
    return record;
}

facelite_op_record facelite_blob_op(const facelite_blob *blob, uint32_t index) {
    facelite_op_record record;
    memcpy(&record, blob->bytes + blob->header.ops_offset + (size_t)index * sizeof record, sizeof record);
    return record;
}

uint16_t facelite_blob_threshold(const facelite_blob *blob, uint32_t index) {
    uint16_t threshold;
    memcpy(&threshold, blob->bytes + blob->header.thresholds_offset + (size_t)index * 2, sizeof threshold);
    return threshold;
}

uint64_t facelite_op_history(const facelite_op_record *op, uint32_t operand) {
    switch (op->kind) {
    case FACELITE_CONV: {
        const uint64_t seen = (uint64_t)(op->kernel - 1) * op->dilation + 1 + op->delay;
        return seen > op->stride ? seen - op->stride : 0;
    }
    case FACELITE_MEAN: return (uint64_t)op->kernel - 1 + op->delay;
    case FACELITE_ADD: return operand ? op->other_delay : op->delay;
    default: return 0;
    }
}

/* A section of `length` bytes at a 64-byte-aligned offset behind the header, wholly inside the blob. */
static int section_fits(const facelite_blob *blob, uint32_t offset, uint64_t length) {
    return offset % FACELITE_ALIGNMENT == 0 && offset >= FACELITE_HEADER_BYTES &&
           offset <= blob->header.total_bytes && length <= blob->header.total_bytes - offset;
}

static facelite_status check_envelope(const facelite_blob *blob, size_t length) {
    const facelite_header *header = &blob->header;
    if (memcmp(header->magic, "FACELITE", sizeof header->magic) != 0) {
        return FACELITE_E_MAGIC;
    }
    if (header->byte_order != BYTE_ORDER_TAG || header->version != FACELITE_BLOB_VERSION) {
        return FACELITE_E_VERSION;
    }
    if (header->total_bytes != length) {
        return FACELITE_E_TRUNCATED;
    }
    const size_t behind = CRC_OFFSET + sizeof header->crc32;
    const uint32_t crc =
        facelite_crc32(facelite_crc32(0, blob->bytes, CRC_OFFSET), blob->bytes + behind, length - behind);
    return crc == header->crc32 ? FACELITE_OK : FACELITE_E_CHECKSUM;
}

/* Control names: `controls` non-empty strings of printable ASCII without spaces, each ended by a NUL, and
 * nothing else. */
static int names_hold(const facelite_blob *blob) {
    const uint8_t *names = blob->bytes + blob->header.names_offset;
    uint32_t ends = 0;
    int inside = 0;
    for (uint32_t i = 0; i < blob->header.names_bytes; i++) {
        if (names[i] == 0) {
            if (!inside) {
                return 0;
            }
            ends++;
            inside = 0;
        } else {
            if (names[i] < 0x21 || names[i] > 0x7e) {
                return 0;
            }
            inside = 1;
        }
    }
    return !inside && ends == blob->header.controls;
}

static int thresholds_hold(const facelite_blob *blob) {
    uint32_t before = 0;
    for (uint32_t i = 0; i < FACELITE_THRESHOLDS; i++) {
        const uint32_t threshold = facelite_blob_threshold(blob, i);
        if (threshold <= before || threshold > 32768u ||
            (before != 0 && facelite_bucket(threshold) == facelite_bucket(before))) {
            return 0;
        }
        before = threshold;
    }
    return 1;
}

static int header_holds(const facelite_blob *blob) {
    const facelite_header *header = &blob->header;
    if (header->ops < 1 || header->ops > FACELITE_MAX_OPS) {
        return 0;
    }
    for (size_t i = 0; i < sizeof header->reserved / sizeof header->reserved[0]; i++) {
        if (header->reserved[i] != 0) {
            return 0;
        }
    }
    return header->sample_rate >= 1 && header->sample_rate <= FACELITE_MAX_SAMPLE_RATE && header->window >= 1 &&
           header->window <= FACELITE_MAX_WINDOW && header->lookahead <= header->window && header->hop >= 1 &&
           header->hop <= FACELITE_MAX_WINDOW && (header->flags & ~(uint32_t)FACELITE_FLAG_SMOOTHING) == 0 &&
           section_fits(blob, header->tensors_offset, ((uint64_t)header->ops + 1) * FACELITE_TENSOR_BYTES) &&
           section_fits(blob, header->ops_offset, (uint64_t)header->ops * FACELITE_OP_BYTES) &&
           section_fits(blob, header->names_offset, header->names_bytes) &&
           section_fits(blob, header->thresholds_offset, (uint64_t)FACELITE_THRESHOLDS * 2) && names_hold(blob) &&
           thresholds_hold(blob);
}

static int in_int8(int32_t value) {
    return value >= -128 && value <= 127;
}

static int tensors_hold(const facelite_blob *blob) {
    const facelite_header *header = &blob->header;
    for (uint32_t i = 0; i <= header->ops; i++) {
        const facelite_tensor_record tensor = facelite_blob_tensor(blob, i);
        if (tensor.channels < 1 || tensor.channels > FACELITE_MAX_CHANNELS || tensor.stride < 1 ||
            header->hop % tensor.stride != 0 || !in_int8(tensor.zero_point) ||
            !(tensor.scale > 0.0f && tensor.scale <= FACELITE_MAX_SCALE)) {
            return 0;
        }
    }
    const facelite_tensor_record wave = facelite_blob_tensor(blob, 0);
    const facelite_tensor_record out = facelite_blob_tensor(blob, header->ops);
    return wave.channels == 1 && wave.stride == 1 && wave.zero_point == 0 && out.channels == header->controls &&
           out.stride == header->hop;
}

static int rescale_holds(int32_t multiplier, int32_t shift) {
    return multiplier >= 0 && shift >= -31 && shift <= 30;
}

static int32_t read_i32(const uint8_t *bytes, size_t index) {
    int32_t value;
    memcpy(&value, bytes + index * sizeof value, sizeof value);
    return value;
}

/* Sums over the weights of one output channel, and whether each pair of them suits maddubs. */
typedef struct channel_sums {
    int64_t plain, absolute;
    int pair_safe, in_range;
} channel_sums;

/* Whether what pads `inputs` weights to whole quads is zero: the codes that it meets are anything. */
static int padding_is_zero(const int8_t *last_quad, uint32_t inputs) {
    for (uint32_t i = inputs % 4; i > 0 && i < 4; i++) {
        if (last_quad[i] != 0) {
            return 0;
        }
    }
    return 1;
}

/* `quad` is the channel's first quad; the next lies `step` bytes on. */
static channel_sums sum_channel(const int8_t *quad, size_t step, uint32_t inputs) {
    const uint32_t quads = (inputs + 3) / 4;
    channel_sums sums = {0, 0, 1, padding_is_zero(quad + (quads - 1) * step, inputs)};
    for (uint32_t q = 0; q < quads; q++, quad += step) {
        for (int i = 0; i < 4; i += 2) {
            const int a = quad[i], b = quad[i + 1];
            const int positive = (a > 0 ? a : 0) + (b > 0 ? b : 0);
            const int negative = (a < 0 ? a : 0) + (b < 0 ? b : 0);
            sums.plain += a + b;
            sums.absolute += positive - negative;
            sums.pair_safe &= positive <= 128 && negative >= -128;
            sums.in_range &= a != -128 && b != -128;
        }
    }
    return sums;
}

/* Whether an accumulator of magnitude at most `largest` can be requantised inside int32. */
static int rescale_fits(const facelite_blob *blob, const facelite_op_record *op, uint32_t o, int64_t largest) {
    if (op->flags & FACELITE_FLAG_FLOATING) {
        double scale;
        memcpy(&scale, blob->bytes + op->scale_offset + (size_t)o * sizeof scale, sizeof scale);
        return scale >= 0.0 && largest <= LARGEST_SUM && (double)largest * scale < (double)LARGEST_SUM;
    }
    const int32_t shift = (int8_t)blob->bytes[op->shift_offset + o];
    return rescale_holds(read_i32(blob->bytes + op->multiplier_offset, o), shift) &&
           largest <= LARGEST_SUM >> (shift > 0 ? shift : 0);
}

/* The accumulator of channel `o` fits int32 whatever the input, before and after its left shift; both folded
 * biases say the same; the pair promise holds. */
static int conv_channel_holds(const facelite_blob *blob, const facelite_op_record *op, uint32_t o,
                              const channel_sums *sums) {
    const uint8_t *bytes = blob->bytes;
    const int64_t bias_s8 = read_i32(bytes + op->bias_s8_offset, o);
    const int64_t bias_u8 = read_i32(bytes + op->bias_u8_offset, o);
    const int64_t largest = sums->absolute * 255 + (bias_s8 < 0 ? -bias_s8 : bias_s8);
    const int64_t largest_u8 = sums->absolute * 255 + (bias_u8 < 0 ? -bias_u8 : bias_u8);
    return sums->in_range && rescale_fits(blob, op, o, largest) && largest_u8 <= INT32_MAX &&
           bias_u8 == bias_s8 - 128 * sums->plain &&
           (sums->pair_safe || (op->flags & FACELITE_FLAG_PAIR_SAFE) == 0);
}

static int rescale_sections_fit(const facelite_blob *blob, const facelite_op_record *op, uint64_t padded) {
    if (op->flags & FACELITE_FLAG_FLOATING) {
        return section_fits(blob, op->scale_offset, padded * sizeof(double));
    }
    return section_fits(blob, op->multiplier_offset, padded * 4) && section_fits(blob, op->shift_offset, padded);
}

static int conv_holds(facelite_blob *blob, const facelite_op_record *op, const facelite_tensor_record *in,
                      const facelite_tensor_record *out) {
    if (op->kernel < 1 || op->kernel > FACELITE_MAX_WINDOW || op->stride < 1 || op->dilation < 1 ||
        op->stride > FACELITE_MAX_WINDOW || op->dilation > FACELITE_MAX_WINDOW ||
        (uint64_t)in->stride * op->stride != out->stride || (op->flags & ~(uint32_t)(FACELITE_FLAG_PAIR_SAFE | FACELITE_FLAG_FLOATING)) != 0) {
        return 0;
    }
    const uint64_t quads = ((uint64_t)op->kernel * in->channels + 3) / 4;
    const uint64_t packed = (out->channels + 3u) / 4u * 4u;
    const uint64_t padded = (uint64_t)(out->channels + FACELITE_BLOCK - 1) / FACELITE_BLOCK * FACELITE_BLOCK;
    const uint64_t weight_bytes = quads * 4 * packed;
    if (!section_fits(blob, op->weights_offset, weight_bytes + FACELITE_WEIGHT_SLACK) ||
        !section_fits(blob, op->bias_s8_offset, padded * 4) || !section_fits(blob, op->bias_u8_offset, padded * 4) ||
        !rescale_sections_fit(blob, op, padded)) {
        return 0;
    }
    const int8_t *weights = (const int8_t *)blob->bytes + op->weights_offset;
    for (uint32_t o = 0; o < out->channels; o++) {
        const uint32_t block = o / FACELITE_BLOCK * FACELITE_BLOCK;
        const size_t width = packed - block < FACELITE_BLOCK ? (size_t)packed - block : FACELITE_BLOCK;
        const int8_t *first = weights + block * quads * 4 + (size_t)(o - block) * 4;
        const channel_sums sums = sum_channel(first, width * 4, op->kernel * in->channels);
        if (!conv_channel_holds(blob, op, o, &sums)) {
            return 0;
        }
    }
    const uint64_t weights_true = (uint64_t)op->kernel * in->channels * out->channels;
    blob->parameters += weights_true + out->channels;
    blob->macs_per_hop += weights_true * (blob->header.hop / out->stride);
    blob->weight_bytes += weight_bytes;
    return 1;
}

static int add_holds(const facelite_op_record *op, const facelite_tensor_record *in,
                     const facelite_tensor_record *other, const facelite_tensor_record *out) {
    if (op->delay > FACELITE_MAX_WINDOW || op->other_delay > FACELITE_MAX_WINDOW ||
        op->left_shift != FACELITE_ADD_SHIFT || in->stride != other->stride || in->stride != out->stride ||
        in->channels != other->channels || in->channels != out->channels) {
        return 0;
    }
    for (int i = 0; i < 3; i++) {
        if (!rescale_holds(op->multiplier[i], op->shift[i]) || op->shift[i] > 0) {
            return 0;
        }
    }
    return 1;
}

static int mean_holds(const facelite_op_record *op, const facelite_tensor_record *in,
                      const facelite_tensor_record *out) {
    return op->kernel >= 1 && op->kernel <= FACELITE_MAX_WINDOW && in->stride == out->stride &&
           in->channels == out->channels && rescale_holds(op->multiplier[0], op->shift[0]) &&
           (int64_t)op->kernel * 255 <= LARGEST_SUM >> (op->shift[0] > 0 ? op->shift[0] : 0);
}

/* Bit i: word i of the record means something to this kind of operator. */
static uint32_t words_used(const facelite_op_record *op) {
    switch (op->kind) {
    case FACELITE_CONV: return op->flags & FACELITE_FLAG_FLOATING ? 0x803feb : 0x00ffeb;
    case FACELITE_ADD: return 0x7f031f;
    case FACELITE_MEAN: return 0x09032b;
    case FACELITE_MAP: return 0x000b03;
    default: return 0;
    }
}

/* What a kind does not use is 0, its bounds all codes: a file that asks for more is of a converter we do not know. */
static int unused_is_zero(const facelite_op_record *op) {
    uint32_t words[FACELITE_OP_BYTES / sizeof(uint32_t)];
    memcpy(words, op, sizeof words);
    const uint32_t used = words_used(op);
    for (uint32_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (words[i] != 0 && (used >> i & 1) == 0) {
            return 0;
        }
    }
    return op->kind == FACELITE_CONV || op->kind == FACELITE_ADD || (op->lo == -128 && op->hi == 127);
}

static int op_holds(facelite_blob *blob, uint32_t index) {
    const facelite_op_record op = facelite_blob_op(blob, index);
    if (!unused_is_zero(&op) || op.input > index || op.other > index || op.delay > FACELITE_MAX_WINDOW ||
        op.lo > op.hi || !in_int8(op.lo) || !in_int8(op.hi)) {
        return 0;
    }
    const facelite_tensor_record in = facelite_blob_tensor(blob, op.input);
    const facelite_tensor_record other = facelite_blob_tensor(blob, op.other);
    const facelite_tensor_record out = facelite_blob_tensor(blob, index + 1);
    switch (op.kind) {
    case FACELITE_CONV: return conv_holds(blob, &op, &in, &out);
    case FACELITE_ADD: return add_holds(&op, &in, &other, &out);
    case FACELITE_MEAN: return mean_holds(&op, &in, &out);
    case FACELITE_MAP:
        return in.stride == out.stride && in.channels == out.channels &&
               section_fits(blob, op.weights_offset, 256);
    default: return 0;
    }
}

/* Samples that the oldest sample any frame depends on lies before the newest, plus one. Each reach is below
 * the window once checked, so nothing here overflows. */
static int receptive_field_holds(const facelite_blob *blob) {
    uint32_t reach[FACELITE_MAX_OPS + 1] = {0};
    uint64_t largest = 0;
    for (uint32_t i = 0; i < blob->header.ops; i++) {
        const facelite_op_record op = facelite_blob_op(blob, i);
        const uint32_t sources[2] = {op.input, op.other};
        uint64_t reached = 0;
        for (uint32_t operand = 0; operand < (op.kind == FACELITE_ADD ? 2u : 1u); operand++) {
            const uint64_t stride = facelite_blob_tensor(blob, sources[operand]).stride;
            const uint64_t span = op.kind == FACELITE_CONV
                                      ? (uint64_t)(op.kernel - 1) * op.dilation + op.delay
                                      : facelite_op_history(&op, operand);
            const uint64_t candidate = reach[sources[operand]] + span * stride;
            reached = candidate > reached ? candidate : reached;
        }
        if (reached >= blob->header.window) {
            return 0;
        }
        reach[i + 1] = (uint32_t)reached;
        largest = reached > largest ? reached : largest;
    }
    return largest + 1 == blob->header.receptive_field;
}

facelite_status facelite_blob_open(facelite_blob *blob, const void *bytes, size_t length) {
    memset(blob, 0, sizeof *blob);
    if (bytes == NULL) {
        return FACELITE_E_ARGUMENT;
    }
    if ((uintptr_t)bytes % FACELITE_ALIGNMENT != 0) {
        return FACELITE_E_MEMORY;
    }
    blob->bytes = bytes;
    const size_t magic = sizeof blob->header.magic;
    if (length < magic || memcmp(bytes, "FACELITE", magic) != 0) {
        return FACELITE_E_MAGIC;
    }
    if (length < FACELITE_HEADER_BYTES) {
        return FACELITE_E_TRUNCATED;
    }
    memcpy(&blob->header, bytes, sizeof blob->header);
    const facelite_status envelope = check_envelope(blob, length);
    if (envelope != FACELITE_OK) {
        return envelope;
    }
    if (!header_holds(blob) || !tensors_hold(blob)) {
        return FACELITE_E_CORRUPT;
    }
    for (uint32_t i = 0; i < blob->header.ops; i++) {
        if (!op_holds(blob, i)) {
            return FACELITE_E_CORRUPT;
        }
    }
    return receptive_field_holds(blob) ? FACELITE_OK : FACELITE_E_CORRUPT;
}
