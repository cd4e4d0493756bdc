import Foundation

/// One line on the terminal that is written over and over: what, a bar, percent, words.
///
/// Without a terminal nothing is written: logs need no bars.
struct ProgressLine {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var width = 0

    /// Shows how far something is; nil percent draws no bar.
    mutating func show(_ name: String, percent: Double?, _ words: String) {
        guard isTerminal else { return }
        let columns = Self.columns
        let text = String(Self.text(name, percent: percent, words).prefix(columns - 1))
        let blanks = String(repeating: " ", count: max(0, width - text.count))
        width = text.count
        write("\r" + text + blanks)
    }

    /// Takes the line away, so that something else can be printed.
    mutating func clear() {
        guard isTerminal, width > 0 else { return }
        write("\r" + String(repeating: " ", count: width) + "\r")
        width = 0
    }

    /// What the line says: name, bar, percent, words.
    static func text(_ name: String, percent: Double?, _ words: String) -> String {
        guard let percent else { return "\(name)  \(words)" }
        let share = min(max(percent, 0), 100) / 100
        let full = Int((share * 20).rounded(.down))
        let bar = String(repeating: "#", count: full) + String(repeating: "-", count: 20 - full)
        return "\(name)  [\(bar)] \(String(format: "%3d", Int(share * 100))) %  \(words)"
    }

    private static var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 20 else { return 80 }
        return Int(size.ws_col)
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
