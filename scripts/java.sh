# Sourced by ./posthorn and ./dev: which JDK, how to build, how to run. POSIX sh; $root is the repository.

least=25

# Heap and direct memory are small on purpose: everything in the server is bounded, and these hold it to its word.
# The last two let Netty use the memory access that it is written for, without a warning at every start.
java_flags='-Xms192m -Xmx320m -Xmn128m -XX:+UseSerialGC -XX:+UseCompactObjectHeaders -XX:MaxDirectMemorySize=128m
    --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow'

say() { printf '%s\n' "$*" >&2; }

# The major version of the JDK in $1, 0 if there is none. The release file answers at once, java itself in 50 ms.
major() {
    [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] || { echo 0; return; }
    version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release" 2>/dev/null || true)
    [ -n "$version" ] || version=$("$1/bin/java" -version 2>&1 | sed -n '1s/.*version "\([0-9]*\).*/\1/p')
    echo "${version:-0}"
}

# Follows links, also where readlink has no -f.
real() {
    path=$1
    while [ -L "$path" ]; do
        link=$(readlink "$path")
        case $link in
            /*) path=$link ;;
            *) path=$(dirname "$path")/$link ;;
        esac
    done
    printf '%s\n' "$path"
}

# Sets and exports JAVA_HOME; ends the script if there is no JDK that is new enough.
find_jdk() {
    on_path=$(command -v java 2>/dev/null || true)
    [ -z "$on_path" ] || on_path=$(dirname "$(dirname "$(real "$on_path")")")
    on_mac=
    [ ! -x /usr/libexec/java_home ] || on_mac=$(/usr/libexec/java_home -v "$least+" 2>/dev/null || true)
    for home in "${JAVA_HOME:-}" "$on_path" /usr/lib/jvm/* /opt/java* /opt/java/* /opt/jdk* \
        "${HOME:-/root}"/.sdkman/candidates/java/* "$on_mac"; do
        if [ -n "$home" ] && [ "$(major "$home")" -ge "$least" ]; then
            JAVA_HOME=$home
            export JAVA_HOME
            return
        fi
    done
    say "Posthorn needs a JDK $least or later, and none was found in JAVA_HOME, on the PATH, in /usr/lib/jvm, /opt or"
    say "~/.sdkman. Install one and try again, for example:"
    say "  Temurin          https://adoptium.net/temurin/releases/?version=$least"
    say "  Debian, Ubuntu   apt-get install openjdk-$least-jdk"
    say "  SDKMAN           sdk install java $least-tem"
    say "or set JAVA_HOME to the JDK that you have."
    exit 1
}

# Maven with these arguments, in the repository: the wrapper's, or the installed one if the wrapper cannot download.
maven() (
    cd "$root"
    if ./mvnw --version >/dev/null 2>&1; then
        exec ./mvnw -B -ntp "$@"
    elif command -v mvn >/dev/null 2>&1; then
        exec mvn -B -ntp "$@"
    fi
    say "Maven could not be downloaded (./mvnw --version says why), and there is no mvn on the PATH."
    exit 1
)

# Whether the jar $1 is missing or older than one of the files and folders behind it.
stale() {
    jar=$1
    shift
    [ ! -f "$jar" ] || [ -n "$(cd "$root" && find "$@" -type f -newer "$jar" | head -n 1)" ]
}

# Builds the jar $1 of module $2 if it is older than the folders and files behind. One build at a time: whoever comes
# later waits, and finds it done. The old jar is removed first, not written over: a server may be running from it.
build() {
    jar=$root/$1
    module=$2
    shift 2
    stale "$jar" "$@" || return 0
    if ! mkdir -p "$root/.posthorn" "$(dirname "$jar")" 2>/dev/null || ! [ -w "$root/.posthorn" ] ||
        ! [ -w "$(dirname "$jar")" ]; then
        say "$jar has to be built, and this user may not write to $root: build it as the owner of that folder."
        exit 1
    fi
    (
        ! command -v flock >/dev/null 2>&1 || flock 9
        stale "$jar" "$@" || exit 0
        log=$root/.posthorn/build.log
        begun=$root/.posthorn/build.begun
        say "Building Posthorn (the log is in $log) …"
        : >"$begun"
        rm -f "$jar"
        # not with -q: warnings are errors, and -q would hide them
        if ! maven -pl "$module" -am package -DskipTests >"$log" 2>&1 9>&-; then
            grep -v '^\[INFO\]' "$log" >&2 || cat "$log" >&2
            say "The build failed; all it said stands in $log."
            exit 1
        fi
        # what was changed while the build was under way is newer than the jar
        touch -r "$begun" "$jar"
    ) 9>"$root/.posthorn/build.lock"
}

build_server() { build server/target/posthorn.jar server server/src/main server/pom.xml pom.xml; }
