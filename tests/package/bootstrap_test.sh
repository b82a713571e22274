#!/bin/sh
# bootstrap on distributions that lack something: apt and its kin are played by the programs made here.
#   bootstrap_test.sh BOOTSTRAP
set -eu
bootstrap=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir programs
PATH=$folder/programs:$PATH
export PATH

play() { # PROGRAM, its text on stdin
    { echo '#!/bin/sh'; cat; } >"programs/$1"
    chmod +x "programs/$1"
}
play dpkg-query <<END
:
END
play clinfo <<END
:
END
play sudo <<END
exec "\$@"
END
play cmake <<END
[ ! -e "$folder/offline" ]
END
play apt-get <<END
echo "\$*" >>"$folder/asked"
END
play apt-cache <<END # FOLDER/sources: package and version a line
for word; do last=\$word; done
case "\$*" in
    *madison*) echo "\$last | 1 | source" ;;
    *policy*) sed -n "s/^\$last /  Candidate: /p" "$folder/sources" ;;
esac
END

expect() { # TEXT in the output
    grep -qF -e "$1" output || { echo "expected: $1"; cat output; exit 1; }
}
run() { # STATUS [OPTION...]
    expected=$1
    shift
    status=0
    : >asked
    "$bootstrap" "$@" >output 2>&1 || status=$?
    [ $status = "$expected" ] || { echo "status $status of bootstrap $*"; cat output; exit 1; }
}
installed() { grep -o ' install .*' asked; }

# A Debian 13: no Oclgrind, no tools of LLVM 14.
for package in $(sed -n 's/^need \([^ ]*\) .*/\1/p' "$bootstrap") ccache libclang-rt-19-dev \
    pocl-opencl-icd; do
    echo "$package 20"
done >sources
echo 'clang 1:19.0-63' >>sources
run 0 --dry-run
expect 'Would install libclang-rt-19-dev: '
expect 'Leaving out oclgrind, which '
expect 'the tests oclgrind.* are skipped'
expect 'Leaving out clang-format-14, which '
expect 'Would install pocl-opencl-icd: '
if installed; then echo 'a dry run installed something'; exit 1; fi
run 0
installed | grep -q ' libclang-rt-19-dev$' || { echo 'the runtime is not installed'; exit 1; }
if installed | grep oclgrind; then exit 1; fi

# Without npm's packages all but pages is there.
touch offline
run 0
expect 'Leaving out Vega, which '
rm offline

# What is needed is not left out.
sed -i '/^clinfo /d' sources
for option in --dry-run ''; do
    run 1 $option
    expect 'No package source has clinfo, which tells whether'
    if installed; then echo 'something was installed all the same'; exit 1; fi
done
