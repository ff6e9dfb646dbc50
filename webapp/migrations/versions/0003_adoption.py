"""A token for each place, for its label, and the last message of each device."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from collector.sitedb.tables import location_token

revision = "0003_adoption"
down_revision = "0002_walkthroughs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("device", sa.Column("last_topic", sa.Text(), nullable=True))
    op.add_column("device", sa.Column("last_payload", sa.LargeBinary(), nullable=True))
    op.add_column("device", sa.Column("last_payload_size", sa.Integer(), nullable=True))
    op.add_column("device", sa.Column("last_message_at", sa.BigInteger(), nullable=True))
    op.add_column("location", sa.Column("token", sa.String(length=16), nullable=True))
    location = sa.table("location", sa.column("id", sa.String), sa.column("token", sa.String))
    connection = op.get_bind()
    for ident in connection.execute(sa.select(location.c.id)).scalars().all():
        connection.execute(sa.update(location).where(location.c.id == ident).values(token=location_token()))
    # An index, not a constraint: SQLite can add that without copying a table that others refer to.
    op.create_index(op.f("ix_location_token"), "location", ["token"], unique=True)


def downgrade() -> None:
    op.drop_index(op.f("ix_location_token"), table_name="location")
    op.drop_column("location", "token")
    op.drop_column("device", "last_message_at")
    op.drop_column("device", "last_payload_size")
    op.drop_column("device", "last_payload")
    op.drop_column("device", "last_topic")
