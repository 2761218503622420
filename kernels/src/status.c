#include "facelite/facelite.h"

#define TEXT(x) #x
#define VERSION(major, minor, patch) TEXT(major) "." TEXT(minor) "." TEXT(patch)

const char *facelite_version(void) {
    return VERSION(FACELITE_VERSION_MAJOR, FACELITE_VERSION_MINOR, FACELITE_VERSION_PATCH);
}

const char *facelite_strerror(facelite_status status) {
    switch (status) {
    case FACELITE_OK: return "no error";
    case FACELITE_E_ARGUMENT: return "an argument is null or outside its range";
    case FACELITE_E_MEMORY: return "a block of memory is too small or not aligned to 64 bytes";
    case FACELITE_E_MAGIC: return "not a facelite blob";
    case FACELITE_E_VERSION: return "a blob of a format version that this library does not read";
    case FACELITE_E_TRUNCATED: return "the blob is shorter or longer than its header says";
    case FACELITE_E_CHECKSUM: return "the blob's checksum does not match its bytes";
    case FACELITE_E_CORRUPT: return "a field of the blob is out of its range";
    case FACELITE_E_CAPACITY: return "the frame buffer cannot hold the frames of this call";
    case FACELITE_E_ISA: return "the instruction set asked for is unknown or not available here";
    }
    return "unknown status";
}
