"""Shared types: plain data and protocols, nothing that does work."""

from assistant.types.answers import (
    YES_NO_WORDS,
    Answer,
    AnswerEvent,
    Contradiction,
    Coverage,
    Extracted,
    Finished,
    Flaw,
    FlawCode,
    Generated,
    Hit,
    PartsRead,
    Retrieved,
    Scores,
    SearchResult,
    Sentence,
    Timings,
    YesNo,
)
from assistant.types.calibration import (
    Calibration,
)
from assistant.types.cancel import (
    CancelToken,
)
from assistant.types.documents import (
    AS_FOUND,
    SURE,
    Attachment,
    Chunk,
    Citation,
    DocumentRecord,
    Heading,
    Locator,
    Note,
    Page,
    PageStart,
    ParsedDocument,
    Passage,
    Place,
    ReadOptions,
    Region,
    RegionKind,
    RunningText,
)
from assistant.types.feedback import (
    VERDICTS,
    Correction,
    ExportKind,
    Feedback,
    FeedbackExport,
    LeftOut,
    ShownPassage,
    Verdict,
)
from assistant.types.ingest import (
    DocumentMoved,
    FileAdded,
    FileFailed,
    FileGone,
    FileKnown,
    FileProgress,
    FilesFound,
    FilesKept,
    IngestEvent,
    IngestFinished,
    NamesAlike,
    ReEmbedProgress,
    RunProgress,
    SyncRules,
)
from assistant.types.labels import (
    EVERYTHING,
    DocumentFilter,
    Labels,
)
from assistant.types.likelihood import (
    Likelihood,
    Scorer,
)
from assistant.types.ocr import (
    WHOLE_PAGE,
    KeptPages,
    Ocr,
    OcrLine,
    OcrPage,
    PageDrawer,
    PagePicture,
    PageView,
    PixelBox,
)
from assistant.types.profile import (
    Measured,
    ModelProfile,
    PromptStyle,
)
from assistant.types.protocols import (
    ChatEngine,
    Embedder,
    EmbedderIdentity,
    Message,
    ParsedFile,
    Parser,
    Sampling,
    Vectors,
)
from assistant.types.reader import (
    Reader,
    ReaderCalibration,
    Reading,
    ReadSpan,
)
from assistant.types.store import (
    ChunkText,
    KnownFile,
    NewDocument,
    Placement,
    Store,
    VectorStaging,
)
from assistant.types.strategies import (
    ALL,
    AUTO,
    DIRECT,
    EXTRACT,
    FOLLOW_UP,
    MAP_REDUCE,
    READER,
    RECORDS,
    STRATEGIES,
    SUMMARY,
    TOGETHER,
    WITHDRAWN,
    Candidate,
    Quoted,
    Route,
)
from assistant.types.workspace import (
    Workspace,
)
