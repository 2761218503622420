/* A class "Facelite" for Godot 3: one character's stream. Everything passes by value as Godot's pool arrays: a student's
 * file and 16-bit audio as bytes (what AudioStreamSample.data holds), frames as reals, one control after another.
 *
 *     open(file: PoolByteArray, hz: int) -> int                 0, or a facelite_status; opening again starts over
 *     error(status: int) -> PoolByteArray                       what a status says, ASCII
 *     controls() -> PoolByteArray                               their names, a line each, ASCII
 *     latency() -> float                                        seconds that a frame is behind its sound
 *     push(pcm: PoolByteArray) -> PoolRealArray                 the frames whose audio is now complete
 *     flush() -> PoolRealArray                                  the rest, at the end of a clip
 *     sample(seconds: float) -> PoolRealArray                   the face at that moment of the clip
 *     stop(at: float, fade: float) -> int
 *
 * Before an open that succeeded, arrays are empty and statuses say so. A stream is one thread's at a time. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>

#include <facelite/facelite.h>

#include "gdnative.h"

typedef struct character {
    void *blob, *model_memory, *stream_memory, *scratch;
    const facelite_model *model;
    facelite_stream *stream; /* null until a student is open */
    facelite_info info;
} character;

static const godot_core_api *core;
static const godot_nativescript_api *nativescript;

/* CALL(type of the function, its place)(arguments): what godot-headers would have a name for. */
#define CALL(type, place) ((type)core->functions[place])
typedef void (*on_array)(godot_pool_array *);
typedef void (*resizer)(godot_pool_array *, int);
typedef godot_access *(*accessor)(const godot_pool_array *);
typedef void (*access_destroyer)(godot_access *);
typedef void (*array_wrapper)(godot_variant *, const godot_pool_array *);

static godot_variant nothing(void) {
    godot_variant value;
    CALL(void (*)(godot_variant *), VARIANT_NEW_NIL)(&value);
    return value;
}

static godot_variant integer(int64_t number) {
    godot_variant value;
    CALL(void (*)(godot_variant *, int64_t), VARIANT_NEW_INT)(&value, number);
    return value;
}

static godot_variant real(double number) {
    godot_variant value;
    CALL(void (*)(godot_variant *, double), VARIANT_NEW_REAL)(&value, number);
    return value;
}

static double as_real(const godot_variant *value) {
    return CALL(double (*)(const godot_variant *), VARIANT_AS_REAL)(value);
}

static godot_variant bytes(const char *text, size_t length) {
    godot_pool_array array;
    godot_variant value;
    CALL(on_array, BYTES_NEW)(&array);
    CALL(resizer, BYTES_RESIZE)(&array, (int)length);
    if (length > 0) {
        godot_access *access = CALL(accessor, BYTES_WRITE)(&array);
        memcpy(CALL(uint8_t *(*)(const godot_access *), BYTES_WRITE_POINTER)(access), text, length);
        CALL(access_destroyer, BYTES_WRITE_DESTROY)(access);
    }
    CALL(array_wrapper, VARIANT_NEW_BYTES)(&value, &array);
    CALL(on_array, BYTES_DESTROY)(&array);
    return value;
}

/* Frames that the kernel writes straight into an array of Godot's. */
typedef struct frames {
    godot_pool_array array;
    godot_access *access;
    float *values; /* null where there is no room */
} frames;

static frames frames_of(size_t count) {
    frames made = {{0}, NULL, NULL};
    CALL(on_array, REALS_NEW)(&made.array);
    CALL(resizer, REALS_RESIZE)(&made.array, (int)count);
    if (count > 0) {
        made.access = CALL(accessor, REALS_WRITE)(&made.array);
        made.values = CALL(float *(*)(const godot_access *), REALS_WRITE_POINTER)(made.access);
    }
    return made;
}

/* Empties them unless the kernel filled them. */
static godot_variant handed_over(frames made, facelite_status status) {
    godot_variant value;
    if (made.access != NULL) {
        CALL(access_destroyer, REALS_WRITE_DESTROY)(made.access);
    }
    if (status != FACELITE_OK) {
        CALL(resizer, REALS_RESIZE)(&made.array, 0);
    }
    CALL(array_wrapper, VARIANT_NEW_REALS)(&value, &made.array);
    CALL(on_array, REALS_DESTROY)(&made.array);
    return value;
}

static void *aligned(size_t size) {
    void *block = NULL;
#if defined(_WIN32)
    block = _aligned_malloc(size, FACELITE_ALIGNMENT);
#else
    if (posix_memalign(&block, FACELITE_ALIGNMENT, size) != 0) {
        block = NULL;
    }
#endif
    return block;
}

static void release(void *block) {
#if defined(_WIN32)
    _aligned_free(block);
#else
    free(block);
#endif
}

static void forget(character *self) {
    release(self->blob);
    release(self->model_memory);
    release(self->stream_memory);
    release(self->scratch);
    memset(self, 0, sizeof *self);
}

/* A copy of the array's bytes: what Godot hands over is its own, and need not be aligned. */
static void *copied(const godot_pool_array *array, size_t length) {
    void *block = aligned(length > 0 ? length : 1);
    if (block != NULL && length > 0) {
        godot_access *access = CALL(accessor, BYTES_READ)(array);
        memcpy(block, CALL(const uint8_t *(*)(const godot_access *), BYTES_READ_POINTER)(access), length);
        CALL(access_destroyer, BYTES_READ_DESTROY)(access);
    }
    return block;
}

static facelite_status load(character *self, const godot_pool_array *file, uint32_t hz) {
    const size_t length = (size_t)CALL(int (*)(const godot_pool_array *), BYTES_SIZE)(file);
    self->blob = copied(file, length);
    facelite_status status = self->blob ? facelite_inspect(self->blob, length, &self->info) : FACELITE_E_MEMORY;
    if (status != FACELITE_OK) {
        return status;
    }
    self->model_memory = aligned(self->info.model_bytes);
    self->scratch = aligned(self->info.scratch_bytes);
    if (self->model_memory == NULL || self->scratch == NULL) {
        return FACELITE_E_MEMORY;
    }
    status = facelite_model_init(self->model_memory, self->info.model_bytes, self->blob, length, &self->model);
    if (status != FACELITE_OK) {
        return status;
    }
    const size_t room = facelite_stream_bytes(self->model, hz);
    if (room == 0) {
        return FACELITE_E_ARGUMENT; /* a rate that it cannot hear */
    }
    self->stream_memory = aligned(room);
    facelite_stream *stream = NULL;
    status = self->stream_memory ? facelite_stream_init(self->stream_memory, room, self->model, &stream) : FACELITE_E_MEMORY;
    if (status == FACELITE_OK) {
        status = facelite_stream_set_rate(stream, hz);
    }
    if (status == FACELITE_OK) {
        self->stream = stream;
    }
    return status;
}

static godot_pool_array array_in(const godot_variant *value) {
    return CALL(godot_pool_array (*)(const godot_variant *), VARIANT_AS_BYTES)(value);
}

static int64_t integer_in(const godot_variant *value) {
    return CALL(int64_t (*)(const godot_variant *), VARIANT_AS_INT)(value);
}

/* The methods. Godot has checked nothing: `count` values are in `given`. */
#define METHOD(name) static godot_variant name(character *self, int count, godot_variant **given)

METHOD(open_student) {
    if (count != 2) {
        return integer(FACELITE_E_ARGUMENT);
    }
    const int64_t hz = integer_in(given[1]);
    forget(self);
    godot_pool_array file = array_in(given[0]);
    const facelite_status status = hz > 0 && hz <= UINT32_MAX ? load(self, &file, (uint32_t)hz) : FACELITE_E_ARGUMENT;
    CALL(on_array, BYTES_DESTROY)(&file);
    if (status != FACELITE_OK) {
        forget(self);
    }
    return integer(status);
}

METHOD(error) {
    (void)self;
    const char *text = facelite_strerror(count == 1 ? (facelite_status)integer_in(given[0]) : FACELITE_E_ARGUMENT);
    return bytes(text, strlen(text));
}

METHOD(controls) {
    char text[8192];
    size_t length = 0;
    (void)count, (void)given;
    for (uint32_t i = 0; self->stream != NULL && i < self->info.controls; i++) {
        const char *name = facelite_control_name(self->model, i);
        const size_t more = strlen(name);
        if (length + more + 1 > sizeof text) {
            break;
        }
        memcpy(text + length, name, more);
        length += more;
        text[length++] = '\n';
    }
    return bytes(text, length > 0 ? length - 1 : 0);
}

METHOD(latency) {
    facelite_latency sum = {0, 0, 0, 0};
    (void)count, (void)given;
    if (self->stream != NULL) {
        facelite_stream_latency(self->stream, &sum);
    }
    return real(sum.lookahead + sum.smoothing + sum.hop + sum.resampler);
}

METHOD(push) {
    if (self->stream == NULL || count != 1) {
        return handed_over(frames_of(0), FACELITE_OK);
    }
    godot_pool_array pcm = array_in(given[0]);
    const size_t samples = (size_t)CALL(int (*)(const godot_pool_array *), BYTES_SIZE)(&pcm) / sizeof(int16_t);
    const size_t coming = facelite_stream_frames_for(self->stream, samples);
    frames made = frames_of(coming * self->info.controls);
    facelite_status status = FACELITE_OK;
    if (samples > 0) {
        size_t written;
        godot_access *access = CALL(accessor, BYTES_READ)(&pcm);
        const void *heard = CALL(const uint8_t *(*)(const godot_access *), BYTES_READ_POINTER)(access);
        status = facelite_stream_push_i16(self->stream, self->scratch, heard, samples, made.values, coming, &written);
        CALL(access_destroyer, BYTES_READ_DESTROY)(access);
    }
    CALL(on_array, BYTES_DESTROY)(&pcm);
    return handed_over(made, status);
}

METHOD(flush) {
    (void)count, (void)given;
    if (self->stream == NULL) {
        return handed_over(frames_of(0), FACELITE_OK);
    }
    size_t written;
    const size_t coming = facelite_stream_frames_pending(self->stream);
    frames made = frames_of(coming * self->info.controls);
    return handed_over(made, facelite_stream_flush(self->stream, self->scratch, made.values, coming, &written));
}

METHOD(sample) {
    if (self->stream == NULL || count != 1) {
        return handed_over(frames_of(0), FACELITE_OK);
    }
    frames made = frames_of(self->info.controls);
    return handed_over(made, facelite_stream_sample(self->stream, as_real(given[0]), made.values));
}

METHOD(stop) {
    if (self->stream == NULL || count != 2) {
        return integer(FACELITE_E_ARGUMENT);
    }
    return integer(facelite_stream_stop(self->stream, as_real(given[0]), as_real(given[1])));
}

typedef struct method {
    const char *name;
    godot_variant (*call)(character *self, int count, godot_variant **given);
} method;

static const method METHODS[] = {{"open", open_student}, {"error", error}, {"controls", controls}, {"latency", latency},
                                 {"push", push},         {"flush", flush}, {"sample", sample},     {"stop", stop}};

static godot_variant called(godot_object *instance, void *method_data, void *user_data, int count, godot_variant **given) {
    (void)instance;
    return user_data == NULL ? nothing() : ((const method *)method_data)->call(user_data, count, given);
}

static void *created(godot_object *instance, void *method_data) {
    (void)instance, (void)method_data;
    return calloc(1, sizeof(character));
}

static void destroyed(godot_object *instance, void *method_data, void *user_data) {
    (void)instance, (void)method_data;
    if (user_data != NULL) {
        forget(user_data);
        free(user_data);
    }
}

GDN_EXPORT void facelite_gdnative_init(godot_init_options *options) {
    core = options->api;
    for (unsigned i = 0; i < core->extension_count; i++) {
        if (core->extensions[i]->type == NATIVESCRIPT) {
            nativescript = (const godot_nativescript_api *)core->extensions[i];
        }
    }
}

GDN_EXPORT void facelite_gdnative_terminate(void *options) {
    (void)options;
    core = NULL;
    nativescript = NULL;
}

GDN_EXPORT void facelite_nativescript_init(void *library) {
    const godot_create create = {created, NULL, NULL};
    const godot_destroy destroy = {destroyed, NULL, NULL};
    nativescript->register_class(library, "Facelite", "Reference", create, destroy);
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++) {
        const godot_method wrapped = {called, (void *)&METHODS[i], NULL};
        nativescript->register_method(library, "Facelite", METHODS[i].name, (godot_method_attributes){0}, wrapped);
    }
}
