import CeleryProtocol
import Testing

@testable import Skirret

@Suite("Keys") struct KeysTests {
    @Test(arguments: [("", ""), ("rpfx", "rpfx_"), ("pfx:", "pfx:"), ("a_", "a_"), ("a-", "a-"), ("a.", "a.")])
    func `the result backend's prefix follows Celery's rule, the broker's stands as it is`(
        prefix: String, closed: String
    ) {
        let keys = Keys(prefix: prefix, resultPrefix: prefix)
        #expect(keys.result("id") == closed + "celery-task-meta-id")
        #expect(keys.group("g") == closed + "celery-taskset-meta-g")
        #expect(keys.unacked == prefix + "unacked")
        #expect(keys.revokedStamps == prefix + "skirret:revoked:stamps")
    }
}
