# Sourced by scripts/demo, scripts/test and .ci/run: installs what this checkout lacks, once.
# shellcheck shell=bash
#
# set_up run     what the kiosk needs: Debian packages, .venv, pinned Python packages
# set_up test    the same and what the checks need
#
# MURAI_EXTRA=cpu|cuda12|cuda13   builds to install, where they should not follow from nvidia-smi
# MURAI_TORCH_INDEX=ADDRESS       package index to take PyTorch from, where pip's own has the wrong build

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
VENV=$ROOT/.venv
LOG=$ROOT/out/setup.log
TORCH=torch==2.13.0

say() { printf 'murai: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

set_up() {
    # Bash would go on after a child that Ctrl+C ended; the next start repairs what is half done.
    trap 'exit 130' INT
    local kind=$1 extra missing stamp="$VENV/.murai-$1"
    missing=$(missing_packages "$kind")
    # shellcheck disable=SC2086  # a list of package names
    [[ -z $missing ]] || install_packages $missing
    if ! venv_is_whole || [[ $(cat "$stamp" 2>/dev/null) != "$(fingerprint)" ]]; then
        mkdir -p "$(dirname "$LOG")" && : >"$LOG"
        extra=$(wanted_extra)
        make_venv
        install_python "$kind" "$extra"
        fingerprint >"$stamp"
        rm -f "$VENV/.murai-installing"
    fi
    trap - INT
}

# What decides which Python packages are installed.
fingerprint() {
    {
        sed '/^\[tool/,$d' "$ROOT/pyproject.toml"
        cat "$ROOT/scripts/constraints.txt" "$ROOT/scripts/_setup.sh"
        echo "${MURAI_EXTRA:-} ${MURAI_TORCH_INDEX:-} $(command -v nvidia-smi)"
    } | sha256sum | cut -d' ' -f1
}

# --- Debian packages ---

# The Debian packages of KIND whose work nothing here does yet, in one line.
missing_packages() {
    local libraries
    # A user's PATH on Debian lacks /sbin.
    libraries=$(PATH=$PATH:/usr/sbin:/sbin ldconfig -p)
    {
        can_make_venv || echo python3 python3-venv
        lacks libEGL.so.1 && echo libegl1 libegl-mesa0 libgl1-mesa-dri
        lacks libGL.so.1 && echo libgl1
        [[ -n $(fc_dejavu) ]] || echo fonts-dejavu-core
        if [[ $1 == test || -n ${DISPLAY:-}${WAYLAND_DISPLAY:-} ]]; then
            lacks libX11.so.6 && echo libx11-6
            lacks libXcursor.so.1 && echo libxcursor1
            lacks libXrandr.so.2 && echo libxrandr2
            lacks libXinerama.so.1 && echo libxinerama1
            lacks libXi.so.6 && echo libxi6
            lacks libxkbcommon.so.0 && echo libxkbcommon0
        fi
        if [[ $1 == test ]]; then
            command -v Xvfb >/dev/null || echo xvfb
            command -v xdotool >/dev/null || echo xdotool
        fi
    } | paste -sd' '
}

lacks() { [[ $libraries != *"$1 "* ]]; }

fc_dejavu() { find /usr/share/fonts /usr/local/share/fonts -name DejaVuSans.ttf -print -quit 2>/dev/null; }

install_packages() {
    command -v apt-get >/dev/null ||
        fail "missing here, by their Debian names: $*. There is no apt-get: install them, then start this again"
    [[ $EUID -eq 0 ]] || command -v sudo >/dev/null ||
        fail "missing Debian packages: $*. There is no sudo: as root run 'apt-get install $*', then start this again"
    say "installing Debian packages: $*"
    mkdir -p "$(dirname "$LOG")"
    # A stranger's broken repository fails the update; whether these packages can be had, the install says.
    as_root apt-get update >"$LOG" 2>&1 || true
    as_root apt-get install -y --no-install-recommends "$@" >>"$LOG" 2>&1 ||
        fail "Debian packages can't be installed: $*. Check the network and $LOG, then start this again"
}

as_root() {
    if [[ $EUID -eq 0 ]]; then
        DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

# --- Python ---

# The first Python on PATH that is new enough.
find_python() {
    local name
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    return 1
}

can_make_venv() {
    local python
    # A venv that is there needs nothing of the Python that made it but the interpreter.
    venv_is_whole || { python=$(find_python) && "$python" -c 'import ensurepip, venv' 2>/dev/null; }
}

# Not interrupted while it was filled, not moved, its interpreter still there.
venv_is_whole() {
    [[ ! -e $VENV/.murai-installing ]] && grep -qsF "$VENV" "$VENV/bin/activate" && "$VENV/bin/python" -c '' 2>/dev/null
}

# Leaves a venv that is marked as being filled: who finds the mark later starts afresh.
make_venv() {
    if venv_is_whole; then
        touch "$VENV/.murai-installing"
        return
    fi
    local python
    python=$(find_python) || fail "there is no Python from 3.11 on: install one, then start this again"
    say "making .venv with $("$python" --version)"
    mkdir -p "$VENV" && touch "$VENV/.murai-installing"
    find "$VENV" -mindepth 1 -maxdepth 1 ! -name .murai-installing -exec rm -rf {} +
    "$python" -m venv "$VENV" >>"$LOG" 2>&1 || fail "$python -m venv failed: see $LOG, then start this again"
}

# KIND and EXTRA. PyTorch comes first, exact and alone: any other request takes the newest build, which may be gigabytes of CUDA.
install_python() {
    local kind=$1 extra=$2 extras
    say "installing PyTorch for $extra (1 of 3, the longest)"
    pip_install ${MURAI_TORCH_INDEX:+--index-url "$MURAI_TORCH_INDEX"} "$TORCH"
    extra=$(fitting_extra "$extra")
    say "installing the build tools (2 of 3)"
    pip_install -c "$ROOT/scripts/constraints.txt" hatchling editables
    extras=$(echo "${extra#cpu} ${kind#run}" | sed 's/test/dev/' | xargs | tr ' ' ,)
    say "installing Murai${extras:+ with $extras} (3 of 3)"
    pip_install -c "$ROOT/scripts/constraints.txt" --no-build-isolation -e "$ROOT${extras:+[$extras]}"
}

pip_install() {
    "$VENV/bin/python" -m pip install --disable-pip-version-check --no-input "$@" >>"$LOG" 2>&1 ||
        fail "pip can't install ${*: -1}: $(why_pip_failed). Its words are in $LOG"
}

why_pip_failed() {
    if grep -qE 'Failed to establish|NewConnectionError|NameResolutionError|ProxyError|timed out' "$LOG"; then
        echo "no package index can be reached; check the network, then start this again"
    else
        grep -E '^ERROR' "$LOG" | tail -n 1
    fi
}

# The builds for this machine: cpu, or those for the CUDA version that the driver offers.
wanted_extra() {
    case ${MURAI_EXTRA:-} in
        cpu | cuda12 | cuda13) echo "$MURAI_EXTRA" && return ;;
        ?*) fail "MURAI_EXTRA=$MURAI_EXTRA can't be used: cpu, cuda12 or cuda13" ;;
    esac
    local offered
    offered=$(nvidia-smi 2>/dev/null | sed -nE 's/.*CUDA[A-Za-z ]* Version: *([0-9]+).*/\1/p' | head -n 1)
    case $offered in
        '' | [0-9] | 1[01]) echo cpu ;;
        12) echo cuda12 ;;
        *) if older_than_turing; then echo cuda12; else echo cuda13; fi ;;
    esac
}

# Whether the first GPU is one that PyTorch's builds for CUDA 13 have no code for: compute capability below 7.5.
older_than_turing() {
    nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -n 1 | grep -qE '^([1-6]\.|7\.[0-4])'
}

# EXTRA where the PyTorch that pip found is built for it; otherwise an end where it was asked for, and cpu where not.
fitting_extra() {
    local built
    # -W: numpy comes later, and PyTorch warns of that.
    built=cuda$("$VENV/bin/python" -W ignore -c 'import torch; print((torch.version.cuda or "none").partition(".")[0])')
    if [[ $1 == cpu || $1 == "$built" ]]; then
        echo "$1"
        return
    fi
    local found="pip found PyTorch for ${built/cudanone/cpu} and this machine wants $1"
    local remedy="set MURAI_TORCH_INDEX to PyTorch's package index for $1, remove .venv and start this again"
    [[ -z ${MURAI_EXTRA:-} ]] || fail "$found: $remedy"
    say "$found: going on without the GPU; to use it, $remedy"
    echo cpu
}
