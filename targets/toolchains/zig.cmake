# zig as C compiler: PyPI's ziglang (FACELITE_ZIG, which `facelite build` gives) or a zig on the path. It brings libc and
# linker of every target with it, so nothing of the system's is used. The files *-zig.cmake include this one with `zig`
# set to the target.
find_program(FACELITE_ZIG zig REQUIRED)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES FACELITE_ZIG)
set(CMAKE_C_COMPILER "${FACELITE_ZIG}" cc -target ${zig})

# One program with many names; CMake wants one name for each. D: no times and users in archives.
set(CMAKE_C_ARCHIVE_CREATE "\"${FACELITE_ZIG}\" ar qcD <TARGET> <LINK_FLAGS> <OBJECTS>")
set(CMAKE_C_ARCHIVE_APPEND "\"${FACELITE_ZIG}\" ar qD <TARGET> <LINK_FLAGS> <OBJECTS>")
set(CMAKE_C_ARCHIVE_FINISH "\"${FACELITE_ZIG}\" ranlib <TARGET>")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-s") # no symbols, and on Windows no .pdb
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)

# zig takes no -march and no -mtune of Arm's.
set(FACELITE_FLAGS_neon "-mcpu=generic")
set(FACELITE_FLAGS_neon_dotprod "-mcpu=generic+dotprod")
