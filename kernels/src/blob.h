/* Reading a blob: docs/blob.md is the contract, this is the half of it that the kernel checks. */
#ifndef FACELITE_BLOB_H
#define FACELITE_BLOB_H

#include <stddef.h>
#include <stdint.h>

#include "facelite/facelite.h"
#include "ops.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "facelite reads its blobs where they lie, little-endian: no big-endian machine can"
#endif

#define FACELITE_BLOB_VERSION 1u
#define FACELITE_THRESHOLDS 127u

/* Limits of the format. They bound the memory, the stack and the priming time that any valid blob can ask for. */
#define FACELITE_MAX_OPS 256u
#define FACELITE_MAX_CHANNELS 8192u
#define FACELITE_MAX_WINDOW (1u << 20)
#define FACELITE_MAX_SAMPLE_RATE 768000u
/* Sums of three frames are finite below it. */
#define FACELITE_MAX_SCALE 1.0e30f

enum { FACELITE_HEADER_BYTES = 128, FACELITE_TENSOR_BYTES = 16, FACELITE_OP_BYTES = 96 };

enum facelite_op_kind { FACELITE_CONV = 1, FACELITE_ADD = 2, FACELITE_MEAN = 3, FACELITE_MAP = 4 };

enum { FACELITE_FLAG_SMOOTHING = 1u };  /* header flags */
enum { FACELITE_FLAG_PAIR_SAFE = 1u, FACELITE_FLAG_FLOATING = 2u };  /* operator flags */

/* The records below mirror the file; every field is a little-endian 32-bit word. */
typedef struct facelite_header {
    uint8_t magic[8];
    uint32_t version, byte_order, total_bytes, crc32;
    uint32_t sample_rate, window, lookahead, hop, receptive_field, flags, controls, ops;
    uint32_t tensors_offset, ops_offset, names_offset, names_bytes, thresholds_offset;
    uint32_t reserved[13];
} facelite_header;

typedef struct facelite_tensor_record {
    uint32_t channels, stride;
    int32_t zero_point;
    float scale;
} facelite_tensor_record;

typedef struct facelite_op_record {
    uint32_t kind, input, other, delay, other_delay, kernel, stride, dilation;
    int32_t lo, hi;
    uint32_t flags, weights_offset, bias_s8_offset, bias_u8_offset, multiplier_offset, shift_offset;
    int32_t multiplier[3], shift[3];
    int32_t left_shift;
    uint32_t scale_offset;
} facelite_op_record;

/* A checked blob. */
typedef struct facelite_blob {
    const uint8_t *bytes;
    facelite_header header;
    uint64_t parameters, macs_per_hop, weight_bytes;
} facelite_blob;

/* Checks everything that the engine relies on. `blob` is filled only as far as the status allows. */
facelite_status facelite_blob_open(facelite_blob *blob, const void *bytes, size_t length);

/* Records of a checked blob; tensors are 0 .. header.ops, operator i makes tensor i + 1. */
facelite_tensor_record facelite_blob_tensor(const facelite_blob *blob, uint32_t index);
facelite_op_record facelite_blob_op(const facelite_blob *blob, uint32_t index);
uint16_t facelite_blob_threshold(const facelite_blob *blob, uint32_t index);

/* Frames of its operand number `operand` that `op` needs from before the hop: for its oldest new output. */
uint64_t facelite_op_history(const facelite_op_record *op, uint32_t operand);

/* zlib's CRC-32, continued from `crc` (0 at the start). */
uint32_t facelite_crc32(uint32_t crc, const uint8_t *bytes, size_t length);

#endif
