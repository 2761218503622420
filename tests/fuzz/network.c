#include "network.h"

#include <string.h>

#include "bench/synthetic.h"
#include "src/compander.h"
#include "src/model.h"

enum { MOST_OPS = 6, MOST_INPUTS = 96, MOST_CHANNELS = 40, MOST_HOP = 64, MOST_BYTES = 1 << 16 };

/* A blob under way: sections are appended at multiples of FACELITE_ALIGNMENT. */
typedef struct builder {
    draw *from;
    random_source random; /* of weights, seeded by the fuzzer */
    uint8_t *bytes;
    size_t length;
    facelite_header header;
    facelite_tensor_record tensors[MOST_OPS + 1];
    facelite_op_record ops[MOST_OPS];
    uint64_t reach[MOST_OPS + 1]; /* samples that a frame of the tensor sees before its newest */
} builder;

static uint32_t append(builder *b, const void *section, size_t bytes) {
    const size_t at = facelite_align(b->length);
    b->length = at + bytes;
    REQUIRE(b->length <= MOST_BYTES);
    memcpy(b->bytes + at, section, bytes);
    return (uint32_t)at;
}

static uint32_t at_most(uint32_t wanted, uint32_t limit) {
    return wanted < limit ? wanted : limit;
}

static facelite_tensor_record draw_tensor(builder *b, uint32_t channels, uint32_t stride) {
    const int32_t zero_point = (int32_t)draw_between(b->from, 0, 255) - 128;
    return (facelite_tensor_record){channels, stride, zero_point, (float)draw_between(b->from, 1, 1000) / 4096.0f};
}

/* The arrays are synthetic.c's, which keeps to the loader's limits and touches them. */
static void append_arrays(builder *b, facelite_op_record *op, uint32_t inputs, uint32_t channels) {
    const weight_kind weights = (weight_kind)draw_between(b->from, WEIGHTS_SAFE, WEIGHTS_NEGATIVE);
    const rescale_kind rescale = (rescale_kind)draw_between(b->from, RESCALE_TYPICAL, RESCALE_FLOATING);
    synthetic_conv made = synthetic_conv_make(&b->random, inputs, channels, weights, rescale);
    const size_t packed = (channels + 3u) / 4u * 4u;
    const size_t padded = (channels + FACELITE_BLOCK - 1) / FACELITE_BLOCK * FACELITE_BLOCK;
    op->weights_offset = append(b, made.layer.weights, packed * made.layer.quads * 4 + FACELITE_WEIGHT_SLACK);
    op->bias_s8_offset = append(b, made.layer.bias_s8, padded * 4);
    op->bias_u8_offset = append(b, made.layer.bias_u8, padded * 4);
    if (made.layer.scale) {
        op->scale_offset = append(b, made.layer.scale, padded * sizeof(double));
    } else {
        op->multiplier_offset = append(b, made.layer.multiplier, padded * 4);
        op->shift_offset = append(b, made.layer.shift, padded);
    }
    op->flags = (made.layer.pair_safe ? FACELITE_FLAG_PAIR_SAFE : 0u) | (made.layer.scale ? FACELITE_FLAG_FLOATING : 0u);
    op->lo = made.layer.lo - 128;
    op->hi = made.layer.hi - 128;
    synthetic_conv_free(&made);
}

static facelite_tensor_record draw_conv(builder *b, facelite_op_record *op, const facelite_tensor_record *in) {
    const uint32_t channels = draw_between(b->from, 1, draw_bits(b->from, 1) < 64 ? MOST_CHANNELS : 8);
    op->kernel = at_most(draw_between(b->from, 1, 12), MOST_INPUTS / in->channels);
    op->stride = at_most(draw_between(b->from, 1, 5), MOST_HOP / in->stride);
    op->dilation = draw_between(b->from, 1, 4);
    op->delay = draw_between(b->from, 0, 3);
    append_arrays(b, op, op->kernel * in->channels, channels);
    return draw_tensor(b, channels, in->stride * op->stride);
}

/* The other operand: some earlier tensor of the same shape, at worst the input itself. */
static facelite_tensor_record draw_add(builder *b, facelite_op_record *op, const facelite_tensor_record *in) {
    const facelite_add add = synthetic_add(&b->random);
    const uint32_t steps = draw_between(b->from, 0, MOST_OPS);
    op->other = op->input;
    for (uint32_t back = 0; back < steps && back < op->input; back++) {
        const facelite_tensor_record *other = &b->tensors[op->input - 1 - back];
        op->other = other->channels == in->channels && other->stride == in->stride ? op->input - 1 - back : op->other;
    }
    op->delay = draw_between(b->from, 0, 3);
    op->other_delay = draw_between(b->from, 0, 3);
    op->lo = add.lo - 128;
    op->hi = add.hi - 128;
    op->left_shift = FACELITE_ADD_SHIFT;
    for (int i = 0; i < 3; i++) {
        op->multiplier[i] = (int32_t)(draw_bits(b->from, 4) & INT32_MAX);
        op->shift[i] = -(int32_t)draw_between(b->from, 0, 31);
    }
    return draw_tensor(b, in->channels, in->stride);
}

static facelite_tensor_record draw_mean(builder *b, facelite_op_record *op, const facelite_tensor_record *in) {
    op->kernel = draw_between(b->from, 1, 9);
    op->delay = draw_between(b->from, 0, 3);
    op->lo = -128;
    op->hi = 127;
    op->multiplier[0] = (int32_t)(draw_bits(b->from, 4) & INT32_MAX);
    op->shift[0] = 3 - (int32_t)draw_between(b->from, 0, 34);
    return draw_tensor(b, in->channels, in->stride);
}

static facelite_tensor_record draw_map(builder *b, facelite_op_record *op, const facelite_tensor_record *in) {
    uint8_t table[256];
    for (int i = 0; i < 256; i++) {
        table[i] = (uint8_t)random_u32(&b->random);
    }
    op->lo = -128;
    op->hi = 127;
    op->weights_offset = append(b, table, sizeof table);
    return draw_tensor(b, in->channels, in->stride);
}

/* blob.c's rule for the receptive field. */
static void extend_reach(builder *b, uint32_t index) {
    const facelite_op_record *op = &b->ops[index];
    const uint64_t step = b->tensors[op->input].stride;
    const uint64_t first =
        op->kind == FACELITE_CONV ? (uint64_t)(op->kernel - 1) * op->dilation + op->delay : facelite_op_history(op, 0);
    const uint64_t one = b->reach[op->input] + first * step;
    const uint64_t two = op->kind == FACELITE_ADD ? b->reach[op->other] + facelite_op_history(op, 1) * step : 0;
    b->reach[index + 1] = one > two ? one : two;
    if (b->reach[index + 1] >= b->header.receptive_field) {
        b->header.receptive_field = (uint32_t)b->reach[index + 1] + 1;
    }
}

static void draw_op(builder *b, uint32_t index) {
    facelite_op_record *op = &b->ops[index];
    const facelite_tensor_record *in = &b->tensors[index];
    op->input = index;
    op->kind = index == 0 ? FACELITE_CONV : draw_between(b->from, FACELITE_CONV, FACELITE_MAP);
    switch (op->kind) {
    case FACELITE_CONV: b->tensors[index + 1] = draw_conv(b, op, in); break;
    case FACELITE_ADD: b->tensors[index + 1] = draw_add(b, op, in); break;
    case FACELITE_MEAN: b->tensors[index + 1] = draw_mean(b, op, in); break;
    default: b->tensors[index + 1] = draw_map(b, op, in); break;
    }
    extend_reach(b, index);
}

/* The one curve of thresholds that fits, worked out once. */
static const uint16_t *thresholds(void) {
    static uint16_t found[FACELITE_THRESHOLDS];
    if (found[0] == 0) {
        facelite_compander compander;
        size_t count = 0;
        synthetic_compander(&compander);
        for (size_t bucket = 0; bucket < FACELITE_BUCKETS; bucket++) {
            if (compander.entry[bucket] >> 8 <= 32768 && count < FACELITE_THRESHOLDS) {
                found[count++] = (uint16_t)(compander.entry[bucket] >> 8);
            }
        }
    }
    return found;
}

static void append_rest(builder *b) {
    static const char names[2 * MOST_CHANNELS + 1] = "a\0b\0c\0d\0e\0f\0g\0h\0i\0j\0k\0l\0m\0n\0o\0p\0q\0r\0s\0t\0"
                                                     "u\0v\0w\0x\0y\0z\0A\0B\0C\0D\0E\0F\0G\0H\0I\0J\0K\0L\0M\0N";
    facelite_header *header = &b->header;
    header->controls = b->tensors[header->ops].channels;
    header->hop = b->tensors[header->ops].stride;
    header->names_bytes = 2 * header->controls;
    header->names_offset = append(b, names, header->names_bytes);
    header->thresholds_offset = append(b, thresholds(), FACELITE_THRESHOLDS * sizeof(uint16_t));
    header->lookahead = draw_between(b->from, 0, 2 * header->hop);
    header->window = header->receptive_field > header->lookahead ? header->receptive_field : header->lookahead;
    header->tensors_offset = append(b, b->tensors, (header->ops + 1) * sizeof b->tensors[0]);
    header->ops_offset = append(b, b->ops, header->ops * sizeof b->ops[0]);
}

void network_seal(uint8_t *bytes, size_t length) {
    const size_t at = offsetof(facelite_header, crc32);
    const uint32_t total = (uint32_t)length;
    memcpy(bytes + offsetof(facelite_header, total_bytes), &total, sizeof total);
    const uint32_t crc = facelite_crc32(facelite_crc32(0, bytes, at), bytes + at + 4, length - at - 4);
    memcpy(bytes + at, &crc, sizeof crc);
}

network network_draw(draw *from) {
    static uint8_t room[MOST_BYTES];
    builder b = {.from = from, .bytes = room, .length = FACELITE_HEADER_BYTES};
    memset(room, 0, sizeof room);
    b.header = (facelite_header){.magic = {'F', 'A', 'C', 'E', 'L', 'I', 'T', 'E'},
                                 .version = FACELITE_BLOB_VERSION,
                                 .byte_order = 0x01020304u,
                                 .sample_rate = 16000,
                                 .receptive_field = 1,
                                 .flags = draw_between(from, 0, FACELITE_FLAG_SMOOTHING),
                                 .ops = draw_between(from, 1, MOST_OPS)};
    b.random.state = draw_bits(from, 4) | UINT64_C(1) << 40;
    b.tensors[0] = (facelite_tensor_record){1, 1, 0, 1.0f / 127.0f};
    for (uint32_t i = 0; i < b.header.ops; i++) {
        draw_op(&b, i);
    }
    append_rest(&b);
    memcpy(room, &b.header, sizeof b.header);
    network_seal(room, b.length);
    network made = {exact_new(b.length), b.length};
    memcpy(made.bytes, room, b.length);
    return made;
}
