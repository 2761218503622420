# zig as C compiler: PyPI's ziglang (FACELITE_ZIG, which `facelite build` gives) or a zig on the path. It brings libc and
# linker of every target with it, so nothing of the system's is used. The files *-zig.cmake include this one with `zig`
# set to the target.
find_program(FACELITE_ZIG zig REQUIRED)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES FACELITE_ZIG)
set(CMAKE_C_COMPILER "${FACELITE_ZIG}" cc -target ${zig})

# zig is one program with many names, and CMake wants a program for each.
if(CMAKE_HOST_WIN32)
    set(suffix .cmd)
    set(script "@\"${FACELITE_ZIG}\" TOOL %*\n")
else()
    set(suffix "")
    set(script "#!/bin/sh\nexec \"${FACELITE_ZIG}\" TOOL \"$@\"\n")
endif()
foreach(tool ar ranlib)
    set(path "${CMAKE_BINARY_DIR}/zig-${tool}${suffix}")
    string(REPLACE TOOL ${tool} content "${script}")
    file(WRITE "${path}" "${content}")
    file(CHMOD "${path}" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
    string(TOUPPER ${tool} upper)
    set(CMAKE_${upper} "${path}" CACHE FILEPATH "zig ${tool}" FORCE)
endforeach()
# Without it zig writes debug information, which names the build folder.
set(CMAKE_C_FLAGS_INIT "-s")
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)

# zig takes no -march and no -mtune of Arm's.
set(FACELITE_FLAGS_neon "-mcpu=generic")
set(FACELITE_FLAGS_neon_dotprod "-mcpu=generic+dotprod")
