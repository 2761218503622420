/* The part of GDNative that facelite_godot.c uses, so that the example builds without godot-headers. Godot 3 calls a
 * table of functions by their places; the places are those of gdnative_api.json, core 1.0 and nativescript 1.0, which
 * every Godot from 3.0 on begins with. A project that has godot-headers includes those instead. */
#ifndef FACELITE_GDNATIVE_H
#define FACELITE_GDNATIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define GDN_EXPORT __declspec(dllexport)
#else
#define GDN_EXPORT __attribute__((visibility("default")))
#endif

/* Values of Godot's: their size is part of the ABI (64-bit machines), what is in them is not. */
typedef struct godot_variant {
    uint64_t opaque[3];
} godot_variant;
typedef struct godot_pool_array {
    uint64_t opaque;
} godot_pool_array;
typedef struct godot_access godot_access;
typedef struct godot_object godot_object;

typedef void (*godot_function)(void);

typedef struct godot_api {
    unsigned type, major, minor;
    const struct godot_api *next;
} godot_api;

typedef struct godot_core_api {
    godot_api head;
    unsigned extension_count;
    const godot_api *const *extensions;
    godot_function functions[];
} godot_core_api;

typedef struct godot_init_options {
    bool in_editor;
    uint64_t core_api_hash, editor_api_hash, no_api_hash;
    godot_function report_version_mismatch, report_loading_error;
    godot_object *library;
    const godot_core_api *api;
    const void *library_path;
} godot_init_options;

/* Places in the core's table. */
enum {
    BYTES_NEW = 155,
    BYTES_RESIZE = 164,
    BYTES_READ = 165,
    BYTES_WRITE = 166,
    BYTES_SIZE = 169,
    BYTES_DESTROY = 170,
    REALS_NEW = 187,
    REALS_RESIZE = 196,
    REALS_WRITE = 198,
    REALS_DESTROY = 202,
    BYTES_READ_POINTER = 268,
    BYTES_READ_DESTROY = 270,
    BYTES_WRITE_POINTER = 296,
    BYTES_WRITE_DESTROY = 298,
    REALS_WRITE_POINTER = 304,
    REALS_WRITE_DESTROY = 306,
    VARIANT_NEW_NIL = 509,
    VARIANT_NEW_INT = 512,
    VARIANT_NEW_REAL = 513,
    VARIANT_NEW_BYTES = 530,
    VARIANT_NEW_REALS = 532,
    VARIANT_AS_INT = 539,
    VARIANT_AS_REAL = 540,
    VARIANT_AS_BYTES = 557
};

/* NativeScript: its number among the extensions, its table, and what is registered with it. */
enum { NATIVESCRIPT = 1 };

typedef struct godot_create {
    void *(*call)(godot_object *instance, void *method_data);
    void *method_data;
    void (*free_data)(void *);
} godot_create;

typedef struct godot_destroy {
    void (*call)(godot_object *instance, void *method_data, void *user_data);
    void *method_data;
    void (*free_data)(void *);
} godot_destroy;

typedef struct godot_method_attributes {
    int rpc; /* 0: none */
} godot_method_attributes;

typedef struct godot_method {
    godot_variant (*call)(godot_object *instance, void *method_data, void *user_data, int count, godot_variant **given);
    void *method_data;
    void (*free_data)(void *);
} godot_method;

typedef struct godot_nativescript_api {
    godot_api head;
    void (*register_class)(void *library, const char *name, const char *base, godot_create create, godot_destroy destroy);
    godot_function register_tool_class;
    void (*register_method)(void *library, const char *class_name, const char *name, godot_method_attributes attributes,
                            godot_method method);
} godot_nativescript_api;

#endif
