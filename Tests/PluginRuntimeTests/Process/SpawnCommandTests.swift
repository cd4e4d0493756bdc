import CSpawn
import Testing

/// The C interface as the executable uses it, without the layer above it.
@Suite("Spawn commands")
struct SpawnCommandTests {
    /// Runs a shell command and returns its first bytes of output.
    private func shell(_ script: String, _ prepare: (OpaquePointer) -> Void) throws -> (text: String, exit: cspawn_exit)
    {
        var (readEnd, writeEnd): (Int32, Int32) = (-1, -1)
        try #require(cspawn_pipe(&readEnd, &writeEnd) == 0)
        defer { cspawn_close(readEnd) }
        let command = cspawn_command_new("/bin/sh")
        defer { cspawn_command_free(command) }
        cspawn_argument(command, "-c")
        cspawn_argument(command, script)
        for descriptor in [-1, writeEnd, writeEnd] { cspawn_descriptor(command, descriptor) }
        prepare(command)
        let pid = cspawn_start(command)
        cspawn_close(writeEnd)
        try #require(pid > 0)
        var bytes = [UInt8](repeating: 0, count: 1000)
        let count = cspawn_read(readEnd, &bytes, bytes.count, 5000)
        var exit = cspawn_exit()
        try #require(cspawn_wait(pid, &exit) == 0)
        return (String(decoding: bytes.prefix(max(0, count)), as: UTF8.self), exit)
    }

    @Test func `limits hold in the child`() throws {
        let (text, _) = try shell("echo $(ulimit -n) $(ulimit -c)") { cspawn_limit($0, CSPAWN_LIMIT_OPEN_FILES, 64) }
        #expect(text == "64 0\n")
    }

    @Test func `a limit of processor time ends the child`() throws {
        let (_, exit) = try shell("while :; do :; done") { cspawn_limit($0, CSPAWN_LIMIT_CPU_SECONDS, 1) }
        #expect(exit.signal != 0)
        #expect(exit.cpu_microseconds > 500_000)
    }

    @Test func `the environment is inherited only on request, and later values win`() throws {
        let (text, _) = try shell("echo \"$HOME-$A\"") { command in
            cspawn_environment(command, "A", "1")
            cspawn_environment(command, "A", "2")
        }
        #expect(text == "-2\n")
        let (inherited, _) = try shell("[ -n \"$PATH\" ] && echo there") { cspawn_inherit_environment($0) }
        #expect(inherited == "there\n")
    }

    @Test func `a child that gives way cannot take it back`() throws {
        let own = try #require(Int(shell("nice") { _ in }.text.dropLast()))
        let script = "echo $(nice) $(renice -n 0 -p $$ 2>&1 >/dev/null | grep -c denied) $(nice)"
        #expect(try shell(script) { cspawn_nice($0, 3) }.text == "\(own + 3) 1 \(own + 3)\n")
    }

    @Test func `a child with short turns still runs as it did`() throws {
        #expect(try shell("nice") { cspawn_short_turns($0) }.text == shell("nice") { _ in }.text)
    }

    @Test func `a child in a new session leads it`() throws {
        let script = "set -- $(cat /proc/$$/stat); [ $1 = $5 ] && [ $1 = $6 ] && echo leader"
        #expect(try shell(script) { cspawn_new_session($0) }.text == "leader\n")
        #expect(try shell(script) { _ in }.text == "")
    }

    @Test func `a step that fails names itself`() {
        let command = cspawn_command_new("/bin/sh")
        defer { cspawn_command_free(command) }
        cspawn_working_directory(command, "/no/such/folder")
        #expect(cspawn_start(command) == -1)
        #expect(String(cString: cspawn_failed_step(command)) == "chdir")
    }

    @Test func `a kill aims at nobody below two`() {
        #expect(cspawn_kill_tree(1, 0) == -1)
        #expect(cspawn_kill_tree(0, 0) == -1)
        #expect(cspawn_kill_tree(-1, 0) == -1)
    }
}
