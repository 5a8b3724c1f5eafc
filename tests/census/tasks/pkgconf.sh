# answers what a program needs to compile and link with libraries
mkdir pc && printf 'prefix=/opt/one\nlibdir=${prefix}/lib\nName: one\nDescription: 1\nVersion: 1.5\nRequires: two >= 2\nLibs: -L${libdir} -lone\nCflags: -I${prefix}/include -DONE\n' >pc/one.pc && printf 'Name: two\nDescription: 2\nVersion: 2.1\nLibs: -ltwo\nLibs.private: -lm\n' >pc/two.pc
export PKG_CONFIG_PATH=/work/pc
pkg-config --cflags --libs one && pkg-config --static --libs one && pkg-config --modversion one && pkg-config --variable=libdir one && pkg-config --exists 'one >= 1.6' || echo "status $?"
pkg-config --print-errors --exists three 2>&1 | head -2; pkg-config --list-all | grep -E '^(one|two)' | sort && pkg-config --print-requires one && pkg-config --define-variable=prefix=/x --cflags one
