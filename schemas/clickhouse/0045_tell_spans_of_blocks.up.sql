-- A block is of all partitions of its topic since (decision 20).
ALTER TABLE {database}_raw.block_log
    COMMENT COLUMN token 'of the insert: id of the topic, partition:first-last of each, layout of rows, table',
    COMMENT COLUMN partition 'the first of the block',
    COMMENT COLUMN first_offset 'of the first partition; the token has all',
    COMMENT COLUMN last_offset 'of the first partition; the token has all';
